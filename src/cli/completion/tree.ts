/** The command tree as completion scripts need it: plain words, no commander. */
import type { Command } from 'commander';

export interface CommandNode {
  /** Words that lead here, without the program's name. */
  path: string[];
  description: string;
  options: { long: string; description: string; takesValue: boolean; wantsFile: boolean }[];
  commands: CommandNode[];
  /** Its arguments may be files. */
  wantsFile: boolean;
}

export function commandTree(command: Command, path: string[] = []): CommandNode {
  const commands = command.commands.filter((child) => child.name() !== 'help');
  return {
    path,
    description: command.description(),
    options: [
      ...command.options.map((option) => ({
        long: option.long ?? option.flags,
        description: option.description,
        takesValue: option.required || option.optional,
        wantsFile: /<(file|dir)>/.test(option.flags),
      })),
      { long: '--help', description: 'show help', takesValue: false, wantsFile: false },
    ],
    commands: commands.map((child) => commandTree(child, [...path, child.name()])),
    wantsFile: command.registeredArguments.some((argument) => argument.name() === 'file'),
  };
}

/** All nodes, the root first. */
export function flatten(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(flatten)];
}
