/** What a management command is, and what it works with. */
import type { ManagementReply } from '../../../core/admin/management.ts';
import type { Administration } from '../../../core/admin/types.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import type { Calls } from '../dialogs/calls.ts';
import type { EngineCounters } from '../engine-counters.ts';
import type { RelayCounters } from '../modules/tm/relay.ts';
import type { ModuleCommands } from '../script/types.ts';
import type { LocationTableView } from '../services.ts';
import type { Transactions } from '../transaction/types.ts';
import type { Transport } from '../transport/types.ts';
import type { Requester } from './requester.ts';

export interface Command {
  readonly name: string;
  /** Names of the arguments, as SER's manual writes them; one in brackets may be left out, `...`: any number may follow. */
  readonly args: readonly string[];
  /** What it does, and what stands in the lines of its reply. */
  readonly describe: string;
  readonly reply: string;
  /** A SIP request is among its arguments, which SER and OpenSER write in different ways. */
  readonly takesRequest?: true;
  run(desk: Desk, ...args: string[]): ManagementReply | Promise<ManagementReply>;
}

/** The door's parts that commands look at. */
export interface Site {
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly engine: { readonly counters: EngineCounters; readonly waiting: number };
  readonly relay: { readonly counters: RelayCounters };
  readonly transactions: Transactions;
  readonly transport: Transport;
  readonly contacts: ReadonlyMap<string, LocationTableView>;
  readonly running: Pick<Calls, 'dialogs'>;
  readonly requester: Requester;
  /** What the modules of the script that serves take; undefined: none takes this command. */
  readonly script: { command(name: string): ModuleCommands[string] | undefined };
  /** The level up to which log() writes. */
  debug(): number;
  /** Ends the server in order. */
  shutDown(): void;
}

export interface Desk extends Site {
  /** Of whoever asks: the audit trail names them. */
  readonly administration: Administration;
}

export function ok(lines: ManagementReply['lines'] = []): ManagementReply {
  return { status: 200, reason: 'OK', lines };
}

export function refusal(status: number, reason: string): ManagementReply {
  return { status, reason, lines: [] };
}

/** How many arguments it takes. */
export function countOf({ args }: Command): { least: number; most: number } {
  const least = args.filter((name) => !name.startsWith('[') && name !== '...').length;
  return { least, most: args.includes('...') ? Number.POSITIVE_INFINITY : args.length };
}
