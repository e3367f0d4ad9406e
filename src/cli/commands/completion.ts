/** `gatehouse completion SHELL`: a script made from the command tree itself, so that it cannot fall behind. */
import type { Command } from 'commander';
import { GatehouseError } from '../../platform/errors.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { commandTree } from '../completion/tree.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export function printCompletion(program: Command, shell: string, io: Io): 0 {
  if (!Object.hasOwn(SHELLS, shell)) {
    throw new GatehouseError('ARGUMENTS_INVALID', `the shell must be bash, zsh or fish, but is \`${shell}\``);
  }
  io.out(SHELLS[shell as keyof typeof SHELLS](commandTree(program)));
  return EXIT.ok;
}
