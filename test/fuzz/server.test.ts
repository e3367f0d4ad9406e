/**
 * The whole SIP door under telephones that do much wrong (telephones.ts). FUZZ_MESSAGES sets how many messages each script gets,
 * FUZZ_SEED which. What counts: nothing throws, no request gets two final replies, nothing faulty leaves the server, nothing is
 * left behind, and the server still serves.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { findFault } from '../../src/doors/sip/message/faults.ts';
import { secondVia } from '../../src/doors/sip/message/forward.ts';
import { Header } from '../../src/doors/sip/message/header-names.ts';
import type { SipMessage } from '../../src/doors/sip/message/message.ts';
import { parseMessage } from '../../src/doors/sip/message/parse.ts';
import { EXAMPLE, QUICKSTART } from '../listings.ts';
import { answer, header } from '../sip-client.ts';
import { DOMAIN, LabClock, type SipLab, sipLab } from '../sip-lab.ts';
import { generator } from './mutate.ts';
import { PASSWORDS, type Sent, type Telephone, Telephones } from './telephones.ts';
import { Wire } from './wire.ts';

const seed = Number(process.env.FUZZ_SEED ?? 20_261_122);
const count = Number(process.env.FUZZ_MESSAGES ?? (process.env.GATEHOUSE_TEST_LONG ? 500_000 : 25_000));
/** Messages between two looks at the clock. */
const BURST = 32;
const MAX_GROWTH = 48 << 20;

/** Two that keep out of the trouble. */
const CALLER: Telephone = { name: 'caller', address: '203.0.113.1', port: 5060 };
const CALLEE: Telephone = { name: 'callee', address: '203.0.113.2', port: 5060 };

/** What a reply repeats although it is faulty: the request's own. */
const REPEATED = /^(Bad (From|To|CSeq|Call-ID|Via) Header|NUL In Header|Bare CR In Header|CSeq Method Does Not Match)$/;

const BARE_CR = /\r(?!\n)/g;

interface Asked {
  readonly came: number;
  readonly isFaulty: boolean;
  readonly finals: Set<string>;
}

/** In the replies of the server itself. */
const OURS = '\r\nServer: Gatehouse\r\n';

/** Watches what goes in and out for what must never be. */
class Watch {
  /** By what a response has of its request: how often the request came, and the final responses to it. */
  #young = new Map<string, Asked>();
  #old = new Map<string, Asked>();
  /** By our branch: the key of the request that was passed on. */
  readonly #passedOn = new Map<string, string>();
  /** While a response is handled: the key of what it answers, whatever its sender has made of the lines that it should repeat. */
  #answered: string | undefined;
  /** The same of responses that were passed on, since a timer may send them once more. */
  readonly #answers = new Map<string, string>();

  came(text: string): void {
    const message = parseMessage(text);
    this.#answered = message?.isRequest ? undefined : this.#passedOn.get(message?.via?.branch ?? '');
    if (message === undefined || !message.isRequest || message.via === undefined) return;
    if (this.#young.size >= 20_000) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    // A CR alone ends what is read of a Via; in the Via that is repeated a space stands for it, and more is read.
    const repeated = parseMessage(text.replaceAll(BARE_CR, ' '));
    const keys = [keyOf(message), ...(repeated?.via ? [keyOf(repeated)] : [])];
    const known = this.#known(keys[0]!) ?? this.#known(keys.at(-1)!);
    const isFaulty = findFault(message) !== undefined || known?.isFaulty === true;
    const asked = { came: (known?.came ?? 0) + 1, isFaulty, finals: known?.finals ?? new Set<string>() };
    for (const key of keys) this.#young.set(key, asked);
  }

  #known(key: string): Asked | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  handled(): void {
    this.#answered = undefined;
  }

  left(text: string): void {
    const message = parseMessage(text);
    assert.ok(message, `what leaves must be SIP: ${JSON.stringify(text)}`);
    if (message.isRequest) this.#notePassedOn(message);
    const isOurs = text.includes(OURS);
    const answered = isOurs ? undefined : (this.#answered ?? this.#answers.get(text));
    if (answered !== undefined) this.#noteAnswer(text, answered);
    const key = answered ?? (message.via && keyOf(message));
    const asked = message.isRequest || key === undefined ? undefined : this.#known(key);
    const fault = findFault(message);
    if (fault) assert.ok(asked?.isFaulty && REPEATED.test(fault.reason), `${fault.reason}: ${JSON.stringify(text)}`);
    if (asked === undefined || message.status < 200) return;
    // A call may be answered by many, a CANCEL passed on without state as well; all else once.
    const { method } = message.cseq ?? {};
    if (method === 'INVITE' && message.status < 300) return;
    if (method === 'CANCEL' && !isOurs) return;
    asked.finals.add(text);
    assert.ok(asked.finals.size <= asked.came, `${asked.came} requests, but: ${JSON.stringify([...asked.finals])}`);
  }

  #noteAnswer(text: string, key: string): void {
    if (this.#answers.size >= 20_000) this.#answers.clear();
    this.#answers.set(text, key);
  }

  #notePassedOn(request: SipMessage): void {
    const sender = secondVia(request);
    if (sender === undefined || request.via === undefined) return;
    if (this.#passedOn.size >= 20_000) this.#passedOn.clear();
    this.#passedOn.set(request.via.branch, keyOf(request, sender));
  }
}

function keyOf(message: SipMessage, { host, port, branch } = message.via!): string {
  const of = (id: number) => message.value(id);
  // No CR alone is repeated: a space stands for it.
  const repeated = [of(Header.from), message.callId, of(Header.cseq)].map((text) => text?.replaceAll('\r', ' ').trim());
  return [host, port, branch, ...repeated].join('\n');
}

describe(`telephones that do much wrong: ${count} messages (seed ${seed})`, () => {
  for (const [name, script] of Object.entries({ 'the example': EXAMPLE, 'the quick-start listing': QUICKSTART })) {
    test(name, async (t) => {
      const wire = new Wire();
      const random = generator(seed);
      const lab = await sipLab(t, {
        script,
        preloadedRoute: script === EXAMPLE ? 'challenge' : 'pass',
        users: { ...PASSWORDS, caller: 'c', callee: 'c' },
        clock: new LabClock(1_800_000_000_000),
        transport: wire,
        lookUp: (type, _, done) => {
          const records = type === 'A' && random(2) === 0 ? ['198.51.100.1', '198.51.100.2'] : [];
          setImmediate(done, random(4) === 0 ? undefined : { records });
        },
      });
      const atRest = lab.wheel.size;
      const crowd = new Telephones(seed);
      const watch = new Watch();
      const outgoing: { text: string; address: string; port: number }[] = [];
      const violations: unknown[] = [];
      wire.onSent = (text, target) => {
        // The script would catch it: it is thrown again where the message came from.
        try {
          watch.left(text);
        } catch (error) {
          violations.push(error);
        }
        crowd.hear(text, target);
        outgoing.push({ text, address: target.address, port: target.port });
      };
      let heap = 0;
      let last: Sent | undefined;
      try {
        for (let done = 0; done < count; done++) {
          last = crowd.next();
          watch.came(last.text);
          wire.deliver(last.text, last.from.address, last.from.port);
          watch.handled();
          if (violations.length > 0) throw violations[0];
          if (done % BURST > 0) continue;
          await settled(lab);
          lab.advance(random(3000));
          outgoing.length = 0;
          checkComplaints(lab);
          if (done >= count / 4 && heap === 0) heap = usedHeap();
        }
        await settled(lab);
      } catch (cause) {
        throw new Error(`seed ${seed}, after ${JSON.stringify(last)}`, { cause });
      }
      assert.deepEqual(violations, []);
      const grown = usedHeap() - heap;
      const reached = (metric: string, label: string) => lab.read(`gatehouse_sip_${metric}_total`, label);
      // The crowd must keep reaching all of these, or it tests nothing.
      for (const [what, times] of Object.entries({
        relayed: reached('requests', 'relayed'),
        absorbed: reached('requests', 'absorbed'),
        waited: reached('requests', 'waited'),
        'replies 2xx': reached('replies', '2xx'),
        'replies 4xx': reached('replies', '4xx'),
        faults: reached('refused', 'fault'),
        garbage: reached('dropped', 'garbage'),
        strays: reached('dropped', 'stray_response'),
      }))
        assert.ok(times > count / 1000, `${what}: ${times} of ${count}`);

      lab.advance(1200_000);
      await settled(lab);
      assert.equal(lab.read('gatehouse_sip_waiting'), 0);
      assert.equal(lab.read('gatehouse_sip_transactions'), 0);
      // Calls that nobody ends are followed for half a day, all by one timer.
      const following = lab.read('gatehouse_sip_calls') > 0 ? 1 : 0;
      assert.equal(lab.wheel.size, atRest + following, 'timers left');
      assert.ok(grown < MAX_GROWTH, `the heap grew by ${grown >> 20} MiB`);
      outgoing.length = 0;
      await register(CALLEE);
      await call();
      checkComplaints(lab);

      /** Sends it and gives what the server sends to `to` next. */
      async function said(text: string, from: Telephone, to: Telephone): Promise<string> {
        wire.deliver(text, from.address, from.port);
        for (;;) {
          await settled(lab);
          const next = outgoing.shift();
          assert.ok(next, `nothing came for ${to.name} after ${JSON.stringify(text)}`);
          if (next.address === to.address && !/^SIP\/2.0 1/.test(next.text)) return next.text;
        }
      }

      async function register(who: Telephone): Promise<void> {
        const lines = requestLines(who, 'REGISTER', `sip:${DOMAIN}`, `<sip:${who.name}@${DOMAIN}>`);
        const challenge = await said(whole(lines, 1), who, who);
        const credentials = answer(challenge, 'REGISTER', `sip:${DOMAIN}`, who.name, 'c');
        assert.match(await said(whole(lines, 2, [credentials]), who, who), /^SIP\/2.0 200 /);
      }

      async function call(): Promise<void> {
        const uri = `sip:callee@${DOMAIN}`;
        const lines = requestLines(CALLER, 'INVITE', uri, `<${uri}>`);
        const challenge = await said(whole(lines, 1), CALLER, CALLER);
        const invite = await said(whole(lines, 2, [answer(challenge, 'INVITE', uri, 'caller', 'c')]), CALLER, CALLEE);
        assert.match(invite, /^INVITE sip:callee@203.0.113.2:5060 /);
        const ok = await said(okTo(invite), CALLEE, CALLER);
        assert.match(ok, /^SIP\/2.0 200 /);
        const within = (method: string) =>
          requestLines(CALLER, method, `sip:callee@${CALLEE.address}:5060`, header(ok, 'To')!, [
            `Route: ${header(ok, 'Record-Route')}`,
          ]);
        assert.match(await said(whole(within('ACK'), 2), CALLER, CALLEE), /^ACK /);
        const bye = await said(whole(within('BYE'), 3), CALLER, CALLEE);
        assert.match(await said(okTo(bye), CALLEE, CALLER), /^SIP\/2.0 200 /);
      }
    });
  }
});

function requestLines(who: Telephone, method: string, uri: string, to: string, more: string[] = []): string[] {
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${who.address}:5060;branch=z9hG4bKlast-${method}-BRANCH;rport`,
    'Max-Forwards: 70',
    `From: <sip:${who.name}@${DOMAIN}>;tag=last`,
    `To: ${to}`,
    `Call-ID: last-${who.name}`,
    `CSeq: BRANCH ${method}`,
    `Contact: <sip:${who.name}@${who.address}:5060>`,
    ...more,
  ];
}

function whole(lines: readonly string[], cseq: number, more: readonly string[] = []): string {
  return [...lines, ...more, 'Content-Length: 0', '', ''].join('\r\n').replaceAll('BRANCH', String(cseq));
}

function okTo(request: string): string {
  const copied = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq|Record-Route):/i.test(line));
  const lines = copied.map((line) => (/^To:/i.test(line) && !line.includes('tag=') ? `${line};tag=ok` : line));
  return ['SIP/2.0 200 OK', ...lines, 'Contact: <sip:callee@203.0.113.2:5060>', 'Content-Length: 0', '', ''].join(
    '\r\n',
  );
}

/** Until no script waits any more; delayed answers need the clock. */
async function settled(lab: SipLab): Promise<void> {
  for (let turns = 1; lab.read('gatehouse_sip_waiting') > 0; turns++) {
    await turn();
    if (turns % 2000 === 0) lab.advance(500);
    assert.ok(turns < 1e6, `${lab.read('gatehouse_sip_waiting')} scripts wait for ever`);
  }
}

/** What the server says of peers is theirs; that a part of it failed is ours. */
function checkComplaints(lab: SipLab): void {
  for (const complaint of lab.complaints.splice(0))
    assert.doesNotMatch(complaint, /fail|Error|threw|too long/, complaint);
}

function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
