/** Completion for bash: the words typed so far, without options, select the branch of the tree. */
import type { CommandNode } from './tree.ts';
import { flatten } from './tree.ts';

export function bashCompletion(root: CommandNode): string {
  const globals = root.options.map((option) => option.long);
  const withValue = flatten(root)
    .flatMap((node) => node.options)
    .filter((option) => option.takesValue);
  const branches = flatten(root).map((node) => {
    const own = node === root ? [] : node.options.map((option) => option.long);
    const options = [...new Set([...own, ...globals])].join(' ');
    const words = node.commands.map((child) => child.path.at(-1)).join(' ');
    return `    '${node.path.join(' ')}') words='${words}'; options='${options}'; files=${node.wantsFile ? 1 : 0} ;;`;
  });
  return `# bash completion for gatehouse; put into ~/.bashrc: source <(gatehouse completion bash)
_gatehouse() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path='' word words='' options='' files=0 i
  COMPREPLY=()
  case "$previous" in
    ${caseOf(withValue.filter((option) => option.wantsFile))}) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    ${caseOf(withValue.filter((option) => !option.wantsFile))}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
      ${caseOf(withValue)}) ((i++)) ;;
      -*) ;;
      *) case "\${path:+$path }$word" in ${flatten(root)
        .slice(1)
        .map((node) => `'${node.path.join(' ')}'`)
        .join('|')}) path="\${path:+$path }$word" ;; esac ;;
    esac
  done
  case "$path" in
${branches.join('\n')}
  esac
  if [[ $current == -* ]]; then mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -n $words ]]; then mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  elif ((files)); then mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -o filenames -F _gatehouse gatehouse`;
}

function caseOf(options: CommandNode['options']): string {
  return [...new Set(options.map((option) => option.long))].join('|');
}
