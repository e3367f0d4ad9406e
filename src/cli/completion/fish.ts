/** Completion for fish: one `complete` line for each word and option. */
import type { CommandNode } from './tree.ts';
import { flatten } from './tree.ts';

export function fishCompletion(root: CommandNode): string {
  const lines = flatten(root).flatMap((node) => linesOf(node));
  return [
    '# fish completion for gatehouse: gatehouse completion fish | source',
    'complete -c gatehouse -f',
    ...lines,
  ].join('\n');
}

function linesOf(node: CommandNode): string[] {
  const here = condition(node);
  const words = node.commands.map(
    (child) => `complete -c gatehouse -n ${here} -a ${child.path.at(-1)} -d ${quoted(child.description)}`,
  );
  const everywhere = node.path.length === 0;
  const options = node.options
    .filter((option) => everywhere || option.long !== '--help')
    .map((option) => {
      const value = option.takesValue ? (option.wantsFile ? ' -r -F' : ' -x') : '';
      return `complete -c gatehouse${everywhere ? '' : ` -n ${here}`} -l ${option.long.slice(2)}${value} -d ${quoted(option.description)}`;
    });
  const files = node.wantsFile ? [`complete -c gatehouse -n ${here} -F`] : [];
  return [...words, ...options, ...files];
}

/** Under this node, and under none of its own children yet. */
function condition(node: CommandNode): string {
  if (node.path.length === 0) return quoted('__fish_use_subcommand');
  const seen = node.path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const children = node.commands.map((child) => child.path.at(-1)).join(' ');
  return quoted([...seen, ...(children ? [`not __fish_seen_subcommand_from ${children}`] : [])].join('; and '));
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
