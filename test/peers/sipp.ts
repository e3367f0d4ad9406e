/** Load with sipp: one scenario of test/peers/sipp at a steady rate, bounded in count and time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWith, folderFor } from './children.ts';
import type { Cleanup } from './cleanup.ts';

export interface Load {
  /** File name in test/peers/sipp, or a full path. */
  readonly scenario: string;
  /** `127.0.0.1:5060`. */
  readonly target: string;
  readonly port: number;
  readonly calls: number;
  /** Calls per second. */
  readonly rate: number;
  /** One line per call: fields separated by `;`. */
  readonly fields: readonly string[];
  /** Extra arguments. */
  readonly args?: readonly string[];
  /** CPU seconds of sipp are not the server's; told with the result. */
  readonly limit?: number;
}

export interface LoadResult {
  readonly successful: number;
  readonly failed: number;
  readonly retransmissions: number;
  readonly seconds: number;
  /** What sipp wrote about calls that went wrong. */
  readonly errors: string;
}

export interface AnsweringMachine {
  /** Ends it and gives how many calls failed in its eyes. */
  stop(): Promise<LoadResult>;
}

export async function runSipp(t: Cleanup, load: Load): Promise<LoadResult> {
  const folder = folderFor(t, 'sipp');
  writeFileSync(join(folder, 'fields.csv'), `SEQUENTIAL\n${load.fields.join('\n')}\n`);
  const seconds = Math.ceil(load.calls / load.rate) + 30;
  await anotherSecond();
  const started = Date.now();
  const child = start(t, folder, load.scenario, [
    load.target,
    ...['-inf', join(folder, 'fields.csv'), '-m', String(load.calls), '-r', String(load.rate), '-p', String(load.port)],
    ...['-l', String(load.limit ?? 4000), '-timeout', `${seconds}s`, '-timeout_error'],
    ...(load.args ?? []),
  ]);
  await once(child, 'exit');
  lastEnd = Date.now();
  return result(folder, (lastEnd - started) / 1000);
}

/** When the last load ended. */
let lastEnd = 0;

/**
 * The n-th cnonce is the same in each process of sipp, and Gatehouse's nonces are the same within a second: who proves himself as the
 * n-th of two loads within one second is refused as a replay.
 */
async function anotherSecond(): Promise<void> {
  while (Math.floor(Date.now() / 1000) === Math.floor(lastEnd / 1000)) await sleep(1000 - (Date.now() % 1000));
}

/** A sipp that answers calls until it is stopped, or the test ends. */
export async function startAnswering(t: Cleanup, scenario: string, port: number): Promise<AnsweringMachine> {
  const folder = folderFor(t, 'sipp');
  const child = start(t, folder, scenario, ['-p', String(port), '-l', '100000']);
  const exited = once(child, 'exit');
  try {
    await untilBound(port, child);
  } catch (cause) {
    throw new Error(`sipp does not listen on port ${port}:\n${result(folder, 0).errors}`, { cause });
  }
  return {
    stop: async () => {
      // SIGUSR1 lets it finish the calls it has, then leave and write its statistics.
      child.kill('SIGUSR1');
      await exited;
      return result(folder, 0);
    },
  };
}

/** Until it listens on this UDP port: what arrives before is lost. */
async function untilBound(port: number, child: ChildProcess): Promise<void> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const bound = new RegExp(`^ *\\d+: [0-9A-F]{8}:${hex} `, 'm');
  for (const end = Date.now() + 20_000; !bound.test(read('/proc/net/udp')); await sleep(20)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended');
    if (Date.now() > end) throw new Error('it does so too late');
  }
}

function start(t: Cleanup, folder: string, scenario: string, args: string[]): ChildProcess {
  const file = scenario.startsWith('/') ? scenario : join(import.meta.dirname, 'sipp', scenario);
  const always = [
    '-sf',
    file,
    '-i',
    '127.0.0.1',
    '-nostdin',
    '-buff_size',
    '4000000',
    '-trace_stat',
    '-stf',
    join(folder, 'stat.csv'),
  ];
  const trace = ['-fd', '1', '-trace_err', '-error_file', join(folder, 'errors.log')];
  return endWith(t, spawn('sipp', [...always, ...trace, ...args], { cwd: folder, stdio: 'ignore' }));
}

function result(folder: string, seconds: number): LoadResult {
  const rows = read(join(folder, 'stat.csv'))
    .trim()
    .split('\n')
    .map((row) => row.split(';'));
  const names = rows[0] ?? [];
  const last = rows.at(-1) ?? [];
  const count = (name: string) => Number(last[names.indexOf(name)] ?? Number.NaN);
  return {
    successful: count('SuccessfulCall(C)'),
    failed: count('FailedCall(C)'),
    retransmissions: count('Retransmissions(C)'),
    seconds,
    errors: read(join(folder, 'errors.log')).slice(0, 4000),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
