/** Plays a script for one message, for tests: what was called, with what result, what was logged. */
import assert from 'node:assert/strict';
import { parseMessage } from '../message/parse.ts';
import { Run, type RunHost } from '../run.ts';
import { compileScript } from './compile.ts';
import type { DialectName } from './dialect.ts';
import { loadScript } from './load.ts';
import { resumeScript, runScript } from './machine.ts';
import { buildFakes, fakeHost, fakeModules } from './test-fakes.ts';
import { WAIT } from './types.ts';

export const REQUEST =
  'INVITE sip:bob@me.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1\r\n' +
  'From: <sip:alice@else.example>;tag=1\r\nTo: <sip:bob@me.example>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n';
export const point = {
  protocol: 'udp',
  address: '127.0.0.1',
  port: 5060,
  family: 4,
  name: 'udp:127.0.0.1:5060',
  hostPort: '127.0.0.1:5060',
} as const;

export interface Outcome {
  /** Names of the functions called, in order, with what they gave. */
  trace: string[];
  logged: string[];
  replies: number[];
  run: Run;
  waits: number;
}

/** Runs a script whose f("name", "result") gives the result; `waits` says whether the n-th call has to wait. */
export function play(
  text: string,
  options: { dialect?: DialectName; waits?: (call: number) => boolean; request?: string } = {},
): Outcome {
  const { script, problems } = loadScript(`loadmodule "/m/trace.so"\n${text}`, {
    file: 'ser.cfg',
    modules: fakeModules,
    ...(options.dialect && { dialect: options.dialect }),
  });
  assert.ok(script, JSON.stringify(problems));
  const trace: string[] = [];
  const logged: string[] = [];
  const replies: number[] = [];
  let waits = 0;
  let calls = 0;
  let pending: number | undefined;
  const built = buildFakes((_, [name, result]) => {
    trace.push(`${name}:${result}`);
    if (result === 'throw') throw new Error('broken');
    return Number(result);
  });
  const program = compileScript(script, built, fakeHost(logged), {
    wrap: (name, call) => (run) => {
      const result = call(run);
      if (!options.waits?.(calls++) || name === '=') return result;
      waits++;
      pending = result;
      return run.suspend();
    },
  });
  let done = false;
  const host: RunHost = {
    reply: (_, status) => replies.push(status) > 0,
    suspended: () => {},
    resumed: (resumed, result) => {
      done = resumeScript(program, resumed, result);
    },
  };
  const run = new Run(host, parseMessage(options.request ?? REQUEST)!, {
    point,
    address: '192.0.2.7',
    port: 5060,
    connection: undefined,
  });
  done = runScript(program, run);
  while (!done) {
    assert.ok(run.waiting);
    const result = pending!;
    pending = undefined;
    assert.notEqual(result, WAIT);
    run.resume(result);
  }
  return { trace, logged, replies, run, waits };
}

export const t = (name: string, result = 1) => `f("${name}", "${result}")`;
export const names = (outcome: Outcome) => outcome.trace.map((entry) => entry.split(':')[0]).join(' ');
