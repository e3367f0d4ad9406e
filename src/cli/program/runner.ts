/** How the command tree calls a command: its file is loaded when it is called. */
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';

export type Load<Args extends unknown[]> = () => Promise<{ run(context: Context, ...args: Args): Promise<ExitCode> }>;

/** Makes commander's action of a command. Commander gives the command itself as the last argument. */
export type Runner = <Args extends unknown[]>(load: Load<Args>) => (...args: [...Args, Command]) => Promise<void>;
