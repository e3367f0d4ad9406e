/**
 * Each case that RFC 4475 names, over UDP and TCP, on a server whose script takes all that it sees: what the RFC asks for is what comes
 * back, and a telephone can still register after it. The list is the RFC's table of contents; the messages are our own.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { register, sipClient, statusOf } from '../sip-client.ts';
import { DOMAIN, type SipLab, sipLab } from '../sip-lab.ts';
import { INVALID } from './invalid.ts';
import { VALID } from './valid.ts';

const SCRIPT = `
loadmodule "sl.so" loadmodule "tm.so" loadmodule "maxfwd.so" loadmodule "usrloc.so" loadmodule "registrar.so"
loadmodule "auth.so" loadmodule "auth_db.so" loadmodule "textops.so"
route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (method=="REGISTER") {
    if (from_uri=~"^sip:alice@" || is_present_hf("Authorization")) {
      if (!www_authorize("", "subscriber")) { www_challenge("", "1"); exit; }
    }
    save("location");
    exit;
  }
  if (is_present_hf("Proxy-Require")) { t_relay(); exit; }
  sl_send_reply("299", "Taken");
}`;

const TAKEN = 299;
/** Nothing is to be answered: it is a response, or lacks what a reply repeats. */
const NOTHING = 0;

interface Expected {
  readonly section: string;
  readonly status: number;
  /** Where it is another over TCP. */
  readonly tcp?: number;
  /** What the answer holds. */
  readonly holds?: RegExp;
}

const EXPECTED: readonly Expected[] = [
  // Valid messages.
  ...[1, 2, 3].map((n) => ({ section: `3.1.1.${n}`, status: TAKEN })),
  // Well formed, and nothing is cut off at the NUL; but the registrar keeps nobody whose name holds control characters.
  { section: '3.1.1.4', status: 400, holds: /^P-Registrar-Error: no user can be read from To\r$/m },
  ...[5, 6, 7].map((n) => ({ section: `3.1.1.${n}`, status: TAKEN })),
  { section: '3.1.1.8', status: 200 },
  ...[9, 10, 11].map((n) => ({ section: `3.1.1.${n}`, status: TAKEN })),
  ...[12, 13].map((n) => ({ section: `3.1.1.${n}`, status: NOTHING })),
  // Invalid messages.
  { section: '3.1.2.1', status: 400 },
  // Over TCP the rest of the body may still come.
  { section: '3.1.2.2', status: 400, tcp: NOTHING },
  ...[3, 4].map((n) => ({ section: `3.1.2.${n}`, status: 400 })),
  { section: '3.1.2.5', status: NOTHING },
  ...[6, 7, 8, 9, 10, 11].map((n) => ({ section: `3.1.2.${n}`, status: 400 })),
  // The RFC lets an element ignore a Date that it has no use for.
  { section: '3.1.2.12', status: TAKEN },
  ...[13, 14, 15].map((n) => ({ section: `3.1.2.${n}`, status: 400 })),
  { section: '3.1.2.16', status: 505 },
  ...[17, 18].map((n) => ({ section: `3.1.2.${n}`, status: 400 })),
  { section: '3.1.2.19', status: NOTHING },
  // Transaction layer.
  { section: '3.2.1', status: TAKEN },
  // Application layer.
  { section: '3.3.1', status: NOTHING },
  ...[2, 3].map((n) => ({ section: `3.3.${n}`, status: 416 })),
  { section: '3.3.4', status: TAKEN },
  { section: '3.3.5', status: 420, holds: /^Unsupported: nor\.this, or\.that\r$/m },
  // What a body is, and what is accepted, is the affair of the called telephone: a proxy takes it.
  { section: '3.3.6', status: TAKEN },
  { section: '3.3.7', status: 401, holds: /^WWW-Authenticate: Digest /m },
  ...[8, 9].map((n) => ({ section: `3.3.${n}`, status: 400 })),
  { section: '3.3.10', status: NOTHING },
  { section: '3.3.11', status: 483 },
  // A parameter that we do not know is none of the URI; one of the URI stays in it.
  { section: '3.3.12', status: 200, holds: /^Contact: <sip:desk@[^;>]*>/m },
  { section: '3.3.13', status: 200, holds: /^Contact: <sip:desk@[^;>]*;colour=red>/m },
  // Well formed, and refused on purpose: a Route in a contact would choose the way of all calls to the user.
  { section: '3.3.14', status: 400, holds: /^P-Registrar-Error: a contact has header fields in its URI\r$/m },
  { section: '3.3.15', status: TAKEN },
  // Backward compatibility.
  // Over TCP a message without Content-Length has no end (RFC 3261 section 18.3).
  { section: '3.4.1', status: TAKEN, tcp: 400 },
];

const bySection = new Map([...VALID, ...INVALID].map((one) => [one.section, one]));

test('each section of RFC 4475 has its message', () => {
  const named = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
  const sections = [
    ...named('3.1.1.', 13),
    ...named('3.1.2.', 19),
    ...named('3.2.', 1),
    ...named('3.3.', 15),
    ...named('3.4.', 1),
  ];
  assert.deepEqual(
    EXPECTED.map(({ section }) => section),
    sections,
  );
  assert.deepEqual(
    sections.filter((section) => !bySection.has(section)),
    [],
  );
});

const ALICE = { domain: DOMAIN, user: 'alice', password: 'wonderland' };
const open = (t: TestContext) => sipLab(t, { script: SCRIPT, users: { alice: ALICE.password } });

/** The case with a branch of its own, its answers coming back to the sender. */
function textOf(section: string, hostPort: string): string {
  const { text } = bySection.get(section)!;
  const own = text.replace('z9hG4bKf00d', `z9hG4bK${section}`);
  return own.replace(/(SIP\s*\/\s*2\.0\s*\/\s*\w+\s+)[^\s;,]+/, `$1${hostPort}`);
}

function judge(name: string, answer: string | undefined, status: number, holds?: RegExp): void {
  assert.equal(answer === undefined ? NOTHING : statusOf(answer), status, `${name}: ${answer}`);
  if (answer && holds) assert.match(answer, holds, name);
}

test('over UDP', async (t) => {
  const lab = await open(t);
  const phone = await sipClient(t, lab.udp);
  for (const { section, status, holds } of EXPECTED) {
    const client = await sipClient(t, lab.udp);
    client.send(textOf(section, client.hostPort));
    if (status !== NOTHING) judge(section, await final(client), status, holds);
    assert.equal(statusOf(await register(phone, ALICE)), 200, `a telephone after ${section}`);
    assert.deepEqual(client.inbox, [], section);
    lab.advance(1000);
  }
  assert.deepEqual(lab.complaints, []);

  async function final(client: { receive(): Promise<string | undefined> }): Promise<string | undefined> {
    for (;;) {
      const answer = await client.receive();
      if (answer === undefined || statusOf(answer) >= 200) return answer;
    }
  }
});

test('over TCP', async (t) => {
  const lab = await open(t);
  const phone = await sipClient(t, lab.udp);
  for (const { section, status, tcp = status, holds } of EXPECTED) {
    const answers = await overTcp(lab, textOf(section, '127.0.0.1:5070'));
    const finals = answers.filter((answer) => statusOf(answer) >= 200);
    assert.ok(finals.length <= 1, `${section}: ${finals}`);
    judge(section, finals[0], tcp, holds);
    assert.equal(statusOf(await register(phone, ALICE)), 200, `a telephone after ${section}`);
    lab.advance(1000);
  }
  assert.deepEqual(lab.complaints, []);
});

/** Sends it, says good-bye, and gives the messages that came until the server had closed, too. */
async function overTcp(lab: SipLab, text: string): Promise<string[]> {
  const socket = connect({ port: lab.tcpPort, host: '127.0.0.1', allowHalfOpen: true });
  let heard = '';
  socket.setEncoding('latin1').on('data', (data) => {
    heard += data;
  });
  // What is no SIP may be cut off.
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  socket.end(text, 'latin1');
  await Promise.race([closed, once(socket, 'end')]);
  socket.destroy();
  await closed;
  return heard.split(/(?=SIP\/2\.0 \d{3} )/).filter((message) => statusOf(message) > 0);
}
