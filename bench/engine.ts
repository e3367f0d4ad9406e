/**
 * The SIP door alone, without kernel and peers: registrations and calls of 10,000 users through the quick-start configuration with
 * contacts in memory. Prints one line of JSON for each: CPU microseconds of the main thread per flow, and what a flow keeps in memory.
 *
 * Flows go in batches, each step of all flows of a batch at once. Only the time within the door is counted, from bytes to bytes; a
 * batch is a second of its clock, so that at 500 calls per second 16,000 are remembered for repetitions, as in a server.
 *
 * BENCH_ROUNDS: batches measured of each (default 40).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DOMAIN, type SipLab, sipLab } from '../test/sip-lab.ts';
import * as phones from './phones.ts';
import { onStage } from './stage.ts';
import { Tape, TapeTransport } from './tape.ts';

const USERS = 10_000;
const REGISTRATIONS = 2000;
const CALLS = 500;
/** Seconds after which all of a call is forgotten: 32, and what the timers round up. */
const FORGOTTEN = 33;
const rounds = Number(process.env.BENCH_ROUNDS ?? 40);

const transport = new TapeTransport('127.0.0.1', 5060);
const users = Array.from({ length: USERS }, (_, i) => `u${i + 1}`);
const input = new Tape();
let flows = 0;
let spent = 0;

export async function run(): Promise<void> {
  await onStage(async (stage) => {
    const lab = await sipLab(stage, {
      script: script(),
      users: Object.fromEntries(users.map((user) => [user, passwordOf(user)])),
      transport,
    });
    const bare = heap();
    await meet();
    lab.advance(10_000);
    report('engine-register', lab, register, REGISTRATIONS, { bytesPerUser: (heap() - bare) / USERS });
    const idle = heap();
    for (let i = 0; i < 2 * FORGOTTEN; i++) call(lab);
    const bytesPerCall = (heap() - idle) / (CALLS * FORGOTTEN);
    report('engine-call', lab, call, CALLS, { bytesPerCall });
  });
}

function report(
  name: string,
  lab: SipLab,
  batch: (lab: SipLab) => void,
  size: number,
  memory: Record<string, number>,
): void {
  const costs: number[] = [];
  for (let round = -10; round < rounds; round++) {
    spent = 0;
    batch(lab);
    if (round >= 0) costs.push(spent / size);
  }
  costs.sort((a, b) => a - b);
  const round2 = (n: number) => Math.round(n * 100) / 100;
  const [key, bytes] = Object.entries(memory)[0]!;
  const figures = {
    cpuMicrosPerFlow: round2(costs[costs.length >> 1]!),
    best: round2(costs[0]!),
    worst: round2(costs.at(-1)!),
  };
  console.log(
    JSON.stringify({ benchmark: name, ...figures, [key]: Math.round(bytes), complaints: lab.complaints.length }),
  );
}

/** The users are read once, which takes the storage's time, not the door's. */
async function meet(): Promise<void> {
  for (let at = 0; at < USERS; at += REGISTRATIONS) {
    challenged(batchUsers(REGISTRATIONS), 'REGISTER', phones.registerText);
    while (transport.sent.count < REGISTRATIONS) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function register(lab: SipLab): void {
  challenged(batchUsers(REGISTRATIONS), 'REGISTER', phones.registerText);
  expect(REGISTRATIONS, 'SIP/2.0 200');
  lab.advance(1000);
}

function call(lab: SipLab): void {
  challenged(batchUsers(CALLS), 'INVITE', (domain, user, flow, credentials) =>
    phones.inviteText(domain, user, users[(flow * 7) % USERS]!, flow, credentials),
  );
  const invites = sent('INVITE ');
  step(invites.map((text) => phones.answerText(text, '180 Ringing', false)));
  expect(CALLS, 'SIP/2.0 180');
  step(invites.map((text) => phones.answerText(text, '200 OK', true)));
  expect(CALLS, 'SIP/2.0 200');
  const answers = sent('SIP/2.0 200');
  step(answers.map((ok) => phones.inCallText('ACK', 2, ok)));
  expect(CALLS, 'ACK ');
  step(answers.map((ok) => phones.inCallText('BYE', 3, ok)));
  expect(CALLS, 'BYE ');
  step(sent('BYE ').map((text) => phones.answerText(text, '200 OK', false)));
  expect(CALLS, 'SIP/2.0 200');
  lab.advance(1000);
}

/** Sends a request of each user and then the one that answers the challenge. */
function challenged(
  mine: readonly string[],
  method: string,
  text: (domain: string, user: string, flow: number, credentials?: string) => string,
): void {
  const first = flows;
  flows += mine.length;
  const bare = mine.map((user, i) => text(DOMAIN, user, first + i));
  step(bare);
  const challenges = sent('SIP/2.0 40');
  if (method === 'INVITE') step(bare.map((invite, i) => phones.refusedAckText(invite, challenges[i]!)));
  const proofs = challenges.map((text, i) =>
    phones.credentialsFor(text, method, mine[i]!, DOMAIN, passwordOf(mine[i]!)),
  );
  step(proofs.map((proof, i) => text(DOMAIN, mine[i]!, first + i, proof)));
}

/** All these messages into the door; the time it takes is counted. */
function step(texts: readonly string[]): void {
  input.clear();
  transport.sent.clear();
  for (const text of texts) input.put(text);
  const before = process.threadCpuUsage();
  transport.receive(input, phones.PHONES, phones.PHONES_PORT);
  const { user, system } = process.threadCpuUsage(before);
  spent += user + system;
}

function sent(start: string): string[] {
  const texts = Array.from({ length: transport.sent.count }, (_, i) => transport.sent.take(i));
  return texts.filter((text) => text.startsWith(start));
}

function expect(count: number, start: string): void {
  const got = sent(start).length;
  if (got !== count)
    throw new Error(`${got} instead of ${count} messages begin with ${start}: ${transport.sent.take(0)}`);
}

function batchUsers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => users[(flows + i) % USERS]!);
}

function passwordOf(user: string): string {
  return `pw-${user}`;
}

function script(): string {
  return readFileSync(join(import.meta.dirname, '..', 'test', 'fixtures', 'ser', 'quickstart.cfg'), 'utf8')
    .replace(/^.*_db_url=.*$|^.*"db_url".*$/gm, '')
    .replace('"db_mode", 2', '"db_mode", 0')
    .replace('sl_send_reply("100", "Trying");', '');
}

function heap(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
