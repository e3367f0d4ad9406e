/** Gatehouse itself as a user starts it: a process of its own, with a data directory of its own, on free ports. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWith, folderFor } from './children.ts';
import type { Cleanup } from './cleanup.ts';
import { freePort } from './ports.ts';

const root = join(import.meta.dirname, '..', '..');

export interface SiteOptions {
  /** ser.cfg to run; unset: the built-in example. */
  readonly script?: string;
  readonly domains?: readonly string[];
  /** Entries of sip.listen besides the address and port of the site. */
  readonly listen?: readonly string[];
  readonly database?: string;
  /** More lines of gatehouse.yaml. */
  readonly yaml?: string;
  /** Command that it is run by, to stand in another network. */
  readonly enter?: readonly string[];
}

/** A data directory with its gatehouse.yaml; Gatehouse can be started, stopped and started again on it. */
export interface Site {
  readonly folder: string;
  readonly sipPort: number;
  readonly httpPort: number;
  /** `127.0.0.1:PORT`. */
  readonly sip: string;
  /** Starts it and waits until it serves. Throws with its output when it does not. */
  start(): Promise<Instance>;
  /** Runs `gatehouse ARGUMENTS` on this data directory. */
  run(...args: string[]): Outcome;
  /** The same without holding up this process. */
  runAside(...args: string[]): Promise<Outcome>;
  /** Adds users, one line `login,password,email` each. */
  import(lines: readonly string[]): Outcome;
  /** Runs `serctl ARGUMENTS` likewise. */
  serctl(...args: string[]): Outcome;
}

export interface Instance {
  readonly pid: number;
  output(): string;
  /** The exit code or signal that it ends with, by itself or by `stop`. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** SIGTERM, or the given signal; gives the exit code or signal. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function makeSite(t: Cleanup, options: SiteOptions = {}): Promise<Site> {
  const folder = folderFor(t, 'gatehouse-site');
  const [sipPort, httpPort] = [await freePort(), await freePort()];
  const yaml = [
    ...(options.database ? [`database: ${JSON.stringify(options.database)}`] : []),
    'http:',
    `  listen: ["127.0.0.1:${httpPort}"]`,
    'sip:',
    `  listen: ${JSON.stringify([`127.0.0.1:${sipPort}`, ...(options.listen ?? [])])}`,
    ...(options.script ? [`  script: ${JSON.stringify(options.script)}`] : []),
    ...(options.domains ? [`  domains: ${JSON.stringify(options.domains)}`] : []),
    ...(options.yaml ? [options.yaml] : []),
  ];
  const file = join(folder, 'gatehouse.yaml');
  writeFileSync(file, `${yaml.join('\n')}\n`);
  const where = ['--data', folder, '--config', file];
  return { folder, sipPort, httpPort, sip: `127.0.0.1:${sipPort}`, start, run, runAside, import: importUsers, serctl };

  async function start(): Promise<Instance> {
    const [command, ...args] = [
      ...(options.enter ?? []),
      process.execPath,
      join(root, 'bin', 'gatehouse'),
      'up',
      ...where,
    ];
    const child = spawn(command!, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, GATEHOUSE_ADMIN_PASSWORD: 'a password of the tests' },
    });
    endWith(t, child);
    const said: string[] = [];
    child.stdout.on('data', (data) => said.push(String(data)));
    child.stderr.on('data', (data) => said.push(String(data)));
    const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
    const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
    const output = () => said.join('');
    for (const end = Date.now() + 30_000; ; await sleep(50)) {
      if (hasEnded() || Date.now() > end) throw new Error(`gatehouse does not start:\n${output()}`);
      // What it says last it says when everything is open, and the first administrator is written.
      if (!output().includes('/healthz')) continue;
      // Its network may not be ours.
      if (options.enter) break;
      // Over a connection of its own: one that is kept may be closed by the server while a test waits for a command.
      const alone = { headers: { connection: 'close' } };
      const answer = await fetch(`http://127.0.0.1:${httpPort}/healthz`, alone).catch(() => undefined);
      if (answer?.status === 200) break;
    }
    return {
      pid: child.pid!,
      output,
      exited,
      stop: async (signal = 'SIGTERM') => {
        child.kill(signal);
        return exited;
      },
    };
  }

  function run(...args: string[]): Outcome {
    return command('gatehouse', [...args, ...where]);
  }

  async function runAside(...args: string[]): Promise<Outcome> {
    const child = spawn(process.execPath, [join(root, 'bin', 'gatehouse'), ...args, ...where], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    endWith(t, child);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { status: child.exitCode, stdout, stderr };
  }

  function importUsers(lines: readonly string[]): Outcome {
    return command('gatehouse', ['user', 'import', '-', ...where], `${lines.join('\n')}\n`);
  }

  function serctl(...args: string[]): Outcome {
    return command('serctl', args);
  }

  function command(name: string, args: string[], input = ''): Outcome {
    return spawnSync(process.execPath, [join(root, 'bin', name), ...args], {
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 64 << 20,
      input,
      env: { ...process.env, GATEHOUSE_DATA: folder, GATEHOUSE_CONFIG: file },
    });
  }
}
