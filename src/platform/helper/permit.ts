/**
 * What a helper may start: a list that it gets once, before anything else, from a main that has not spoken to anybody yet. Whoever takes over main later can
 * ask for what stands there, and for nothing else.
 *
 * A program, and the files that its fixed arguments name, must not be for the server's user to change: that is looked at before each start.
 */
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { changeableOnTheWay, type Ids } from './changeable.ts';
import { foreignInScript } from './nft-script.ts';
import type { ProgramRun } from './types.ts';

/** Itself; or what matches the pattern, which has to say its own begin and end. */
export type PermittedWord = string | RegExp;

export interface Permit {
  /** As a request names it: absolute, or a name that is looked for in the PATH of `env`. */
  readonly file: string;
  /** The first arguments, one by one. */
  readonly args: readonly PermittedWord[];
  /** What each further argument matches; undefined: there is none. */
  readonly rest?: RegExp;
  /** Variables with their values; beside them only those whose names begin with GATEHOUSE_. */
  readonly env: Readonly<Record<string, string>>;
  /** Commands for nft about this table; undefined: no input. */
  readonly nftTable?: string;
  /** Which of these it may be given as its terminal, links followed at that moment; undefined: none. */
  readonly terminals?: readonly string[];
}

export interface PermitList {
  readonly permits: readonly Permit[];
  /** Who must not be able to change a program; undefined: nobody has less rights than the helper. */
  readonly unchangedBy?: Ids;
}

export type Judgement = { readonly run: ProgramRun } | { readonly refused: string } | { readonly missing: true };

/** Anything, for as long as nobody says otherwise. */
export const ANY = /^/;
const OWN_VARIABLE = /^GATEHOUSE_[A-Z_]+$/;

/** `run`: with the path of the program that was looked at. */
export function judge(run: ProgramRun, { permits, unchangedBy }: PermitList): Judgement {
  const sameFile = permits.filter(({ file }) => file === run.file);
  if (sameFile.length === 0) return { refused: 'it is none of the programs that were configured at the start' };
  let refused = '';
  for (const permit of sameFile) {
    const why = whyNot(run, permit);
    if (why !== undefined) {
      refused ||= why;
      continue;
    }
    const file = locate(permit);
    if (file === undefined) return { missing: true };
    const exposed = unchangedBy && exposedPath([file, ...fixedWords(permit)], unchangedBy);
    return exposed === undefined ? { run: { ...run, file } } : { refused: changeableText(exposed) };
  }
  return { refused };
}

/** What the user can change of the programs that are there, and of the files that they are given. */
export function exposedIn({ permits, unchangedBy }: PermitList): string | undefined {
  if (unchangedBy === undefined) return undefined;
  const paths = permits.flatMap((permit) => [locate(permit) ?? permit.file, ...fixedWords(permit)]);
  return exposedPath(paths, unchangedBy);
}

function exposedPath(paths: readonly string[], who: Ids): string | undefined {
  for (const path of paths) {
    const found = path.startsWith('/') ? changeableOnTheWay(path, who) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function changeableText(path: string): string {
  return `the user of this server can change ${path}`;
}

function whyNot(run: ProgramRun, permit: Permit): string | undefined {
  const { args, env, cwd = '/', user, terminal } = run;
  if (cwd !== '/' || user !== undefined) return 'it was asked for in another folder, or as another user';
  if (!permit.args.every((word, i) => isWord(args[i], word))) return 'its arguments are others than those configured';
  const { rest } = permit;
  if (!args.slice(permit.args.length).every((text) => rest?.test(text) === true)) return 'it has arguments too many';
  const strange = Object.keys(env).find((name) => env[name] !== permit.env[name] && !OWN_VARIABLE.test(name));
  if (strange !== undefined) return `the variable ${strange} is not for it`;
  if (terminal && !permit.terminals?.some((device) => isTerminal(device, terminal.path)))
    return `${terminal.path} is none of the lines that were configured at the start`;
  return whyNotInput(run.stdin, permit.nftTable);
}

function whyNotInput(stdin: Uint8Array | undefined, nftTable: string | undefined): string | undefined {
  if (stdin === undefined || stdin.length === 0) return undefined;
  if (nftTable === undefined) return 'it takes no input';
  return foreignInScript(Buffer.from(stdin).toString('latin1'), nftTable);
}

function isWord(text: string | undefined, word: PermittedWord): boolean {
  return text === undefined || typeof word === 'string' ? text === word : word.test(text);
}

function fixedWords({ args }: Permit): string[] {
  return args.filter((word) => typeof word === 'string');
}

function isTerminal(device: string, path: string): boolean {
  try {
    return realpathSync(device) === path && statSync(path).isCharacterDevice();
  } catch {
    return false;
  }
}

/** Undefined: it is nowhere. */
function locate({ file, env }: Permit): string | undefined {
  if (file.includes('/')) return file;
  return (env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, file))
    .find((path) => path.startsWith('/') && isProgram(path));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
