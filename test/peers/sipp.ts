/** Load with sipp: one scenario of test/peers/sipp at a steady rate, bounded in count and time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

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

export async function runSipp(load: Load): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'sipp-'));
  try {
    writeFileSync(join(folder, 'fields.csv'), `SEQUENTIAL\n${load.fields.join('\n')}\n`);
    const seconds = Math.ceil(load.calls / load.rate) + 30;
    const started = Date.now();
    const child = start(folder, load.scenario, [
      load.target,
      ...[
        '-inf',
        join(folder, 'fields.csv'),
        '-m',
        String(load.calls),
        '-r',
        String(load.rate),
        '-p',
        String(load.port),
      ],
      ...['-l', String(load.limit ?? 4000), '-timeout', `${seconds}s`, '-timeout_error'],
      ...(load.args ?? []),
    ]);
    await once(child, 'exit');
    return result(folder, (Date.now() - started) / 1000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A sipp that answers calls until it is stopped. */
export async function startAnswering(scenario: string, port: number): Promise<AnsweringMachine> {
  const folder = mkdtempSync(join(tmpdir(), 'sipp-'));
  const child = start(folder, scenario, ['-p', String(port), '-l', '100000']);
  const exited = once(child, 'exit');
  await Promise.race([untilBound(port), exited]);
  return {
    stop: async () => {
      // SIGUSR1 lets it finish the calls it has, then leave and write its statistics.
      if (child.exitCode === null) child.kill('SIGUSR1');
      await exited;
      const counts = result(folder, 0);
      rmSync(folder, { recursive: true, force: true });
      return counts;
    },
  };
}

/** Until somebody listens on this UDP port: what arrives before is lost. */
async function untilBound(port: number): Promise<void> {
  const entry = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  for (let waited = 0; waited < 10_000; waited += 20) {
    if (read('/proc/net/udp').includes(entry)) return;
    await sleep(20);
  }
  throw new Error(`sipp does not listen on port ${port}`);
}

function start(folder: string, scenario: string, args: string[]): ChildProcess {
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
  return spawn('sipp', [...always, ...trace, ...args], { cwd: folder, stdio: 'ignore' });
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
