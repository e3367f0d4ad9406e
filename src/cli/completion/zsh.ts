/** Completion for zsh: one function for each branch of the tree, built on _arguments. */
import type { CommandNode } from './tree.ts';
import { flatten } from './tree.ts';

export function zshCompletion(root: CommandNode): string {
  const globals = root.options.filter((option) => option.long !== '--version' && option.long !== '--help');
  return `#compdef gatehouse
# zsh completion for gatehouse: gatehouse completion zsh > "\${fpath[1]}/_gatehouse"
${flatten(root)
  .map((node) => functionOf(node, node === root ? [] : globals))
  .join('\n')}
compdef _gatehouse gatehouse`;
}

function functionOf(node: CommandNode, globals: CommandNode['options']): string {
  const specs = [...node.options, ...globals].map((option) => {
    const value = option.takesValue ? `:value:${option.wantsFile ? '_files' : ''}` : '';
    return quoted(`${option.long}[${option.description.replaceAll(/[[\]:]/g, '\\$&')}]${value}`);
  });
  if (node.commands.length === 0) {
    const rest = node.wantsFile ? "'*:file:_files'" : "'*: :'";
    return `${nameOf(node)}() {\n  _arguments ${[...specs, rest].join(' \\\n    ')}\n}`;
  }
  const list = node.commands.map((child) => quoted(`${child.path.at(-1)}:${child.description.replaceAll(':', '\\:')}`));
  const branches = node.commands.map((child) => `      ${child.path.at(-1)}) ${nameOf(child)} ;;`);
  return `${nameOf(node)}() {
  local state line
  _arguments -C ${[...specs, "'1: :->command'", "'*:: :->rest'"].join(' \\\n    ')}
  case $state in
    command) local -a commands=(${list.join(' ')}); _describe command commands ;;
    rest) case $line[1] in
${branches.join('\n')}
    esac ;;
  esac
}`;
}

function nameOf(node: CommandNode): string {
  return ['_gatehouse', ...node.path].join('_');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
