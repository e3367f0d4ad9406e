/** For tests of whole scripts: a caller, callees and a clock around the stage. */
import assert from 'node:assert/strict';
import { silentLog } from '../../platform/log.ts';
import { Header } from './message/header-names.ts';
import type { SipMessage } from './message/message.ts';
import { parseMessage } from './message/parse.ts';
import { modules } from './modules/modules.ts';
import type { Run } from './run.ts';
import type { CompileOptions } from './script/compile.ts';
import { loadScript } from './script/load.ts';
import { createStage } from './stage.ts';
import { listenPoint } from './transport/point.ts';

const US = '198.51.100.1';
const CALLER = '198.51.100.9';
const MODULES = ['mysql', 'sl', 'tm', 'rr', 'maxfwd', 'usrloc', 'registrar', 'auth', 'auth_db', 'uri_db'];

export interface Out {
  readonly message: SipMessage;
  readonly address: string;
}

export async function stageLab(
  text: string,
  options: { assume?: (name: string, run: Run) => number; compile?: CompileOptions } = {},
) {
  const loads = MODULES.map((name) => `loadmodule "/m/${name}.so"`).join(' ');
  const { script, problems } = loadScript(`${loads}\n${text}`, { file: 'ser.cfg', modules });
  assert.ok(script, JSON.stringify(problems.filter(({ severity }) => severity === 'error')));
  let now = 1_000_000;
  const said: string[] = [];
  const complaints: string[] = [];
  const complain = (message: string, fields?: unknown) => void complaints.push(`${message} ${JSON.stringify(fields)}`);
  const point = listenPoint('udp', US, 5060);
  const stage = await createStage({
    script,
    clock: { now: () => now, monotonic: () => now },
    log: { ...silentLog, warn: complain, error: complain },
    points: [point],
    domains: ['me.example'],
    assume: options.assume ?? (() => 1),
    ...(options.compile ? { compile: options.compile } : {}),
    said: (level, line) => void said.push(level < 0 ? `! ${line}` : line),
  });
  const outs = (): Out[] =>
    stage.sent.map(({ text: out, target }) => ({ message: parse(out), address: target.address }));

  return {
    said,
    complaints,
    idle: stage.idle,
    outs,
    /** A message of the caller's. */
    say(method: string, extra: readonly string[] = [], branch = 'z9hG4bKcall') {
      stage.receive(request(method, extra, branch), { point, address: CALLER, port: 5060, connection: undefined });
    },
    /** The newest request sent to the address; `method` INVITE. */
    sentTo(address: string, method = 'INVITE'): SipMessage {
      const found = outs().findLast(({ message, address: to }) => to === address && message.method === method);
      assert.ok(found, `no ${method} to ${address}: ${summary(outs())}`);
      return found.message;
    },
    answer(to: SipMessage, status: number, lines: readonly string[] = []) {
      const vias: string[] = [];
      for (let i = to.indexOf(Header.via); i >= 0; i = to.indexOf(Header.via, i + 1)) vias.push(to.lineAt(i).trimEnd());
      const head = [`SIP/2.0 ${status} Status${status}`, ...vias, `From: ${to.value(Header.from)}`];
      const rest = [`To: ${to.value(Header.to)};tag=callee`, `Call-ID: ${to.callId}`, `CSeq: ${to.value(Header.cseq)}`];
      const response = [...head, ...rest, ...lines, 'Content-Length: 0', '', ''].join('\r\n');
      stage.receive(response, { point, address: '203.0.113.1', port: 5060, connection: undefined });
    },
    /** Responses that the caller got, repetitions once. */
    heard(): SipMessage[] {
      const mine = stage.sent.filter(({ text: out, target }) => target.address === CALLER && out.startsWith('SIP/2.0'));
      return [...new Set(mine.map(({ text: out }) => out))].map(parse);
    },
    pass(seconds: number) {
      for (let i = 0; i < seconds * 10; i++) {
        now += 100;
        stage.wheel.advance();
      }
    },
  };
}

export const statuses = (messages: readonly SipMessage[]) => messages.map(({ status }) => status);

function summary(outs: readonly Out[]): string {
  return outs.map(({ message, address }) => `${message.method || message.status} ${address}`).join(', ');
}

function parse(text: string): SipMessage {
  const message = parseMessage(text);
  assert.ok(message, text);
  return message;
}

function request(method: string, extra: readonly string[], branch: string): string {
  return [
    `${method} sip:bob@203.0.113.1 SIP/2.0`,
    `Via: SIP/2.0/UDP ${CALLER}:5060;branch=${branch}`,
    'From: <sip:alice@me.example>;tag=a',
    'To: <sip:bob@me.example>',
    'Call-ID: call-1',
    `CSeq: 1 ${method}`,
    'Max-Forwards: 70',
    ...extra,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
