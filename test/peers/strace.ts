/**
 * strace on a running process: tells the order of its system calls, or makes some of them fail or take long, as a bad disk does.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endWith, folderFor } from './children.ts';
import type { Cleanup } from './cleanup.ts';

export interface Trace {
  /** Lets go of the process; gives the calls as strace writes them, one per line, in the order of their ends. */
  stop(): Promise<string[]>;
}

/** `args`: what to trace and to inject. Resolves when all threads are attached. */
export async function strace(t: Cleanup, pid: number, args: readonly string[]): Promise<Trace> {
  const folder = folderFor(t, 'strace');
  const file = join(folder, 'calls');
  const child = spawn('strace', ['-f', '-y', '-s', '4096', '-o', file, '-p', String(pid), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  endWith(t, child);
  let said = '';
  child.stderr.setEncoding('utf8');
  for await (const text of child.stderr.iterator({ destroyOnReturn: false })) {
    said += text;
    if (/attached/.test(said)) break;
  }
  if (!/attached/.test(said)) throw new Error(`strace does not attach: ${said}`);
  child.stderr.resume();
  return {
    async stop() {
      child.kill('SIGINT');
      await ended;
      return wholeCalls(readFileSync(file, 'latin1'));
    },
  };
}

/** Puts calls that others came in between together again: where they ended, but what sends where it began. */
function wholeCalls(text: string): string[] {
  const begun = new Map<string, string>();
  const calls: string[] = [];
  for (const line of text.split('\n')) {
    const [, thread = '', call = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const cut = call.indexOf(' <unfinished ...>');
    const rest = /^<\.\.\. (\w+) resumed>(.*)$/.exec(call);
    if (cut >= 0 && !call.startsWith('send')) begun.set(thread, call.slice(0, cut));
    else if (rest === null) calls.push(call);
    else if (!rest[1]!.startsWith('send')) calls.push((begun.get(thread) ?? '') + rest[2]);
  }
  return calls;
}
