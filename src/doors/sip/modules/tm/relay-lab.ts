/** What the tests of the relay share: the relay over the real transaction layer; sockets, clock and name server are in the test's hands. */
import assert from 'node:assert/strict';
import { silentLog } from '../../../../platform/log.ts';
import { TimerWheel } from '../../../../platform/timer-wheel.ts';
import type { CallsParts } from '../../dialogs/calls.ts';
import type { Dialogs } from '../../dialogs/dialogs.ts';
import { Header } from '../../message/header-names.ts';
import type { SipMessage } from '../../message/message.ts';
import { parseMessage } from '../../message/parse.ts';
import { buildReply } from '../../message/reply.ts';
import type { Answer, RecordType } from '../../resolve/records.ts';
import { type Accounts, type Edition, type RelayTimers, Run, type RunHost } from '../../run.ts';
import { WAIT } from '../../script/types.ts';
import { createTransactions } from '../../transaction/layer.ts';
import { ConnectionNames } from '../../transport/connection-names.ts';
import type { ListenPoint, SendFailure, Source, Target, Transport } from '../../transport/types.ts';
import { ProxyRelay } from './relay.ts';

export const US = '192.0.2.1';
export const CALLER = '192.0.2.9';
export const point: ListenPoint = {
  protocol: 'udp',
  address: US,
  port: 5060,
  family: 4,
  name: `udp:${US}:5060`,
  hostPort: `${US}:5060`,
};

/** What a table of dialogs takes from the lab. */
export type FollowParts = Pick<CallsParts, 'transport' | 'transactions' | 'wheel' | 'clock' | 'log' | 'findHops'>;

export interface Sent {
  text: string;
  target: Target;
  message: SipMessage;
  failure: SendFailure | undefined;
}

export function lab(
  names: Readonly<Record<string, Answer['records']>> = {},
  limits: { maxTransactions?: number; maxCharacters?: number } = {},
  routes: Readonly<Record<string, (run: Run) => void>> = {},
  timers: RelayTimers = { response: 30_000, invite: 120_000, restart: true },
  accounts?: Accounts,
  follow?: (parts: FollowParts) => Dialogs,
) {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  const wheel = new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) });
  const sent: Sent[] = [];
  const transport: Transport = {
    points: [point],
    names: new ConnectionNames(),
    turn: Number.POSITIVE_INFINITY,
    waited: 0,
    start: async () => {},
    stop: async () => {},
    send(text, target, failure) {
      const message = parseMessage(text);
      assert.ok(message, text);
      sent.push({ text, target, message, failure });
    },
    pointFor: (protocol, address, preferred = point) =>
      protocol === 'udp' && !address.includes(':') ? preferred : undefined,
    connectionTo: () => undefined,
    alias: () => false,
    stats: () => ({ received: 0, sent: 0, sendErrors: 0, connections: 0, kernelDrops: 0 }),
  };
  const transactions = createTransactions({
    transport,
    wheel,
    owner: '0',
    onError: (error) => assert.fail(String(error)),
    ...limits,
  });
  const lookups: { type: RecordType; name: string; done: (answer: Answer | undefined) => void }[] = [];
  /** As long as there are questions: each answer may lead to more. */
  const answerNames = () => {
    while (lookups.length > 0)
      for (const { type, name, done } of lookups.splice(0)) done({ records: names[`${type} ${name}`] ?? [] });
  };
  const complaints: string[] = [];
  const complain = (text: string) => void complaints.push(text);
  const log = { ...silentLog, warn: complain, error: complain };
  const edition: Edition = {
    has: (key) => routes[key] !== undefined,
    start(run, key) {
      routes[key]?.(run);
      return !run.waiting;
    },
    resume: () => true,
    branchUri: true,
    timers,
    accounts,
  };
  const dialogs = follow?.({
    transport,
    transactions,
    wheel,
    clock,
    log,
    findHops: (uri, way, waiter) => relay.findHops(uri, way, waiter),
  });
  const relay: ProxyRelay = new ProxyRelay(
    { transport, transactions, wheel, clock, log, dialogs },
    { lookUp: (type, name, done) => void lookups.push({ type, name, done }) },
  );
  const resumed: number[] = [];
  const host: RunHost = {
    reply(run, status, reason, headers) {
      if (run.finalStatus !== 0 || run.message.method === 'ACK') return false;
      const { message: request, source, forceRport } = run;
      const text = buildReply({ request, source, status, reason, headers, toTag: 'us', forceRport, server: '' });
      if (run.transaction) {
        if (!run.transaction.respond(status, text)) return false;
      } else
        transport.send(text, {
          protocol: 'udp',
          address: source.address,
          port: source.port,
          point,
          connection: undefined,
        });
      if (status >= 200) run.finalStatus = status;
      return true;
    },
    suspended: () => {},
    resumed: (run, result) => {
      resumed.push(result);
      if (result < 0) run.reply(run.errorStatus, run.errorReason);
    },
  };
  const source: Source = { point, address: CALLER, port: 5060, connection: undefined };

  /** As engine and script do: absorb, else t_relay, and sl_reply_error when that fails. */
  function receive(text: string, prepare: (run: Run) => void = () => {}): { run: Run; result: number } {
    const message = parseMessage(text);
    assert.ok(message);
    const run = new Run(host, message, source);
    run.edition = edition;
    const known = transactions.find(message);
    if (known) {
      transactions.absorb(known, message);
      return { run, result: 1 };
    }
    prepare(run);
    const result = relay.relay(run);
    if (result < 0 && result !== WAIT) run.reply(run.errorStatus, run.errorReason);
    return { run, result };
  }

  function respond(to: Sent, status: number, lines: readonly string[] = [], tag = 'callee'): boolean {
    const { message } = to;
    const vias = [];
    for (let i = message.indexOf(Header.via); i >= 0; i = message.indexOf(Header.via, i + 1))
      vias.push(message.lineAt(i).trimEnd());
    const head = [`SIP/2.0 ${status} Reason${status}`, ...vias, `From: ${message.value(Header.from)}`];
    const rest = [
      message.toTag === '' ? `To: ${message.value(Header.to)};tag=${tag}` : `To: ${message.value(Header.to)}`,
      `Call-ID: ${message.callId}`,
      `CSeq: ${message.value(Header.cseq)}`,
    ];
    const response = parseMessage([...head, ...rest, ...lines, 'Content-Length: 0', '', ''].join('\r\n'));
    assert.ok(response);
    return transactions.onResponse(response, point);
  }

  const pass = (seconds: number) => {
    for (let i = 0; i < seconds * 10; i++) {
      now += 100;
      wheel.advance();
    }
  };
  const requests = (method: string) => sent.filter((one) => one.message.method === method);
  /** Statuses the caller got, repetitions of the same text once. */
  const upstream = (method = 'INVITE') => {
    const texts = sent.filter(
      (one) => !one.message.isRequest && one.target.address === CALLER && one.message.cseq?.method === method,
    );
    return [...new Set(texts.map((one) => one.text))].map((text) => parseMessage(text)!.status);
  };
  const fork = (run: Run) => {
    run.uri = 'sip:b0@192.0.2.20';
    run.branches = [1, 2].map((i) => ({ uri: `sip:b${i}@192.0.2.2${i}`, destination: undefined, path: undefined }));
  };
  return {
    receive,
    respond,
    pass,
    sent,
    requests,
    upstream,
    fork,
    relay,
    transactions,
    resumed,
    answerNames,
    lookups,
    source,
    complaints,
    transport,
    wheel,
  };
}

export function request(
  method: string,
  uri = 'sip:bob@192.0.2.20',
  extra: string[] = [],
  branch = 'z9hG4bKcaller',
): string {
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${CALLER}:5060;branch=${branch}`,
    'From: <sip:alice@example.com>;tag=a',
    'To: <sip:bob@example.com>',
    'Call-ID: call-1',
    `CSeq: 1 ${method}`,
    'Max-Forwards: 70',
    ...extra,
    'Content-Length: 3',
    '',
    'sdp',
  ];
  return lines.join('\r\n');
}
