/**
 * A script may wait at any function: each place of the quick-start listing is made to wait, one at a time and all at once, while
 * telephones register and call. What reaches the telephones, and which functions ran, must be the same as without waiting.
 *
 * At each wait the waiting request is sent again. The clock stands still, so nobody repeats anything by himself.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import type { Run } from '../src/doors/sip/run.ts';
import { type Call, WAIT } from '../src/doors/sip/script/types.ts';
import { QUICKSTART, REFERENCE } from './listings.ts';
import {
  answer,
  final,
  header,
  newBranch,
  type RequestOptions,
  request,
  type SipClient,
  sipClient,
  statusOf,
} from './sip-client.ts';
import { DOMAIN, LabClock, type SipLab, sipLab } from './sip-lab.ts';

const PASSWORDS = { alice: 'secret of alice', bob: 'secret of bob' };
type User = keyof typeof PASSWORDS;

interface Held {
  readonly run: Run;
  go(): void;
}

/** A lab whose script waits where it is told. */
class Stage {
  readonly lab: SipLab;
  readonly alice: SipClient;
  readonly bob: SipClient;
  readonly #barrier: SipClient;
  /** Function names by place, in the order of the script. */
  readonly places: readonly string[];
  /** What happens at the place, instead of going on at once. */
  readonly #plan: Plan;

  private constructor(lab: SipLab, clients: readonly SipClient[], plan: Plan) {
    this.lab = lab;
    [this.alice, this.bob, this.#barrier] = clients as [SipClient, SipClient, SipClient];
    this.places = plan.places;
    this.#plan = plan;
  }

  static async open(t: TestContext, script: string): Promise<Stage> {
    const plan = new Plan();
    const wrap = (name: string, call: Call) => plan.wrap(name, call);
    const lab = await sipLab(t, { script, users: PASSWORDS, clock: new LabClock(1_800_000_000_000), wrap });
    const clients = [];
    for (let i = 0; i < 3; i++) clients.push(await sipClient(t, lab.udp));
    return new Stage(lab, clients, plan);
  }

  /** From now on; what was met and traced is forgotten. */
  waitAt(isWait: (place: number) => boolean, whenHeld: (held: Held) => void = () => {}): void {
    this.#plan.isWait = isWait;
    this.#plan.whenHeld = whenHeld;
    this.#plan.trace = new Map();
    this.#plan.met = new Set();
  }

  /** Functions by Call-ID and request, in the order they ran, with names that are the same in each round. */
  get trace(): readonly string[] {
    return [...this.#plan.trace.values()].map((names) => names.join(' '));
  }

  /** Places that requests have come to. */
  get met(): ReadonlySet<number> {
    return this.#plan.met;
  }

  clientOf(run: Run): SipClient {
    return run.source.port === this.alice.port ? this.alice : this.bob;
  }

  /** Everything that the client sent before was taken in when this resolves: a faulty request is answered without any script. */
  async passed(client: SipClient): Promise<void> {
    const text = request(this.#barrier, { method: 'OPTIONS', uri: 'sip:x', from: 'sip:x@x', to: 'sip:x@x' });
    client.send(text.replace(';rport', '').replace('CSeq: 1 OPTIONS', 'CSeq: 1 BYE'));
    assert.equal(statusOf(await this.#barrier.receive()), 400);
  }
}

class Plan {
  readonly places: string[] = [];
  isWait: (place: number) => boolean = () => false;
  whenHeld: (held: Held) => void = () => {};
  trace = new Map<string, string[]>();
  met = new Set<number>();

  wrap(name: string, call: Call): Call {
    const place = this.places.push(name) - 1;
    return (run) => {
      this.met.add(place);
      const { callId, method, cseq } = run.message;
      const key = `${callId} ${cseq?.number} ${method}`;
      const names = this.trace.get(key) ?? [method];
      this.trace.set(key, names);
      names.push(name);
      if (!this.isWait(place)) return call(run);
      this.whenHeld({ run, go: () => goOn(run, call) });
      return run.suspend();
    };
  }
}

function goOn(run: Run, call: Call): void {
  const result = call(run);
  if (result !== WAIT) run.resume(result);
}

/** One exchange of each kind; gives what the telephones saw, in order, told so that two rounds can be compared. */
async function story(stage: Stage): Promise<string[]> {
  const { alice, bob } = stage;
  const seen: string[] = [];
  const see = (who: string, message: string | undefined) => {
    assert.ok(message, `${who} waited for a message in vain`);
    const [first = ''] = message.split('\r\n');
    seen.push(`${who}: ${first.replace(/sip:bob@127\S+/, 'BOB')} / ${header(message, 'CSeq')}`);
    return message;
  };
  const ask = async (who: string, client: SipClient, options: RequestOptions) => {
    client.send(request(client, options));
    return see(who, await final(client));
  };
  /** Without credentials, then with them; an INVITE's refusal is acknowledged. */
  const authorised = async (user: User, options: Omit<RequestOptions, 'callId' | 'cseq'>) => {
    const client = user === 'alice' ? alice : bob;
    const callId = randomBytes(8).toString('hex');
    const first = { ...options, callId, cseq: 1, branch: newBranch() };
    const challenge = await ask(user, client, first);
    if (options.method === 'INVITE') client.send(ackOf(client, first, challenge));
    const credentials = answer(challenge, options.method, options.uri, user, PASSWORDS[user]);
    const second = { ...first, cseq: 2, branch: newBranch(), headers: [...(options.headers ?? []), credentials] };
    client.send(request(client, second));
    return second;
  };

  const contact = `Contact: <sip:bob@${bob.hostPort}>`;
  const bobs = { uri: `sip:${DOMAIN}`, from: `sip:bob@${DOMAIN}`, to: `sip:bob@${DOMAIN}` };
  await authorised('bob', { method: 'REGISTER', ...bobs, headers: [contact] });
  see('bob', await final(bob));
  await authorised('alice', { method: 'REGISTER', ...bobs, from: `sip:alice@${DOMAIN}`, headers: [contact] });
  see('alice', await final(alice));

  const call = { method: 'INVITE', from: `sip:alice@${DOMAIN}`, headers: [`Contact: <sip:alice@${alice.hostPort}>`] };
  for (const [to, from] of [
    ['nobody', 'alice'],
    ['bob', 'bob'],
  ]) {
    const uri = `sip:${to}@${DOMAIN}`;
    const invite = await authorised('alice', { ...call, uri, to: uri, from: `sip:${from}@${DOMAIN}` });
    const refusal = see('alice', await final(alice));
    alice.send(ackOf(alice, invite, refusal));
  }

  const uri = `sip:bob@${DOMAIN}`;
  const invite = await authorised('alice', { ...call, uri, to: uri });
  const heard = see('bob', await bob.receive());
  bob.send(responseTo(heard, '180 Ringing', bob));
  bob.send(responseTo(heard, '200 OK', bob));
  const ok = see('alice', await final(alice));
  // The ACK, and at once the BYE: whatever the ACK waits for, the BYE stays behind it.
  const dialog = {
    callId: invite.callId,
    uri: `sip:bob@${bob.hostPort}`,
    from: call.from,
    to: header(ok, 'To')!.replace(/^<([^>]*)>/, '<$1>'),
    headers: [`Route: ${header(ok, 'Record-Route')}`],
  };
  alice.send(request(alice, { ...dialog, method: 'ACK', cseq: 2 }));
  alice.send(request(alice, { ...dialog, method: 'BYE', cseq: 3 }));
  see('bob', await bob.receive());
  bob.send(responseTo(see('bob', await bob.receive()), '200 OK', bob));
  see('alice', await final(alice));

  const options = { method: 'OPTIONS', from: `sip:alice@${DOMAIN}` };
  alice.send(request(alice, { ...options, uri, to: uri }));
  bob.send(responseTo(see('bob', await bob.receive()), '200 OK', bob));
  see('alice', await final(alice));
  for (const other of [`sip:nobody@${DOMAIN}`, 'sips:bob@elsewhere.example'])
    await ask('alice', alice, { ...options, uri: other, to: other });

  await stage.passed(alice);
  await stage.passed(bob);
  for (const client of [alice, bob])
    assert.deepEqual(client.inbox.splice(0), [], 'nothing comes that nobody waits for');
  return seen;
}

function ackOf(client: SipClient, invite: RequestOptions, refusal: string): string {
  return request(client, { ...invite, method: 'ACK', to: header(refusal, 'To')!, headers: [] });
}

function responseTo(text: string, status: string, client: SipClient): string {
  const copied = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq|Record-Route):/i.test(line));
  const lines = copied.map((line) => (/^To:/i.test(line) && !line.includes('tag=') ? `${line};tag=b2` : line));
  const more = [`Contact: <sip:bob@${client.hostPort}>`, 'Content-Length: 0', '', ''];
  return [`SIP/2.0 ${status}`, ...lines, ...more].join('\r\n');
}

const WITHOUT_WAITING = [
  'bob: SIP/2.0 401 Unauthorized / 1 REGISTER',
  'bob: SIP/2.0 200 OK / 2 REGISTER',
  'alice: SIP/2.0 401 Unauthorized / 1 REGISTER',
  'alice: SIP/2.0 401 Unauthorized / 2 REGISTER',
  'alice: SIP/2.0 407 Proxy Authentication Required / 1 INVITE',
  'alice: SIP/2.0 404 User Not Found / 2 INVITE',
  'alice: SIP/2.0 407 Proxy Authentication Required / 1 INVITE',
  'alice: SIP/2.0 403 Use From=ID / 2 INVITE',
  'alice: SIP/2.0 407 Proxy Authentication Required / 1 INVITE',
  'bob: INVITE BOB SIP/2.0 / 2 INVITE',
  'alice: SIP/2.0 200 OK / 2 INVITE',
  'bob: ACK BOB SIP/2.0 / 2 ACK',
  'bob: BYE BOB SIP/2.0 / 3 BYE',
  'alice: SIP/2.0 200 OK / 3 BYE',
  'bob: OPTIONS BOB SIP/2.0 / 1 OPTIONS',
  'alice: SIP/2.0 200 OK / 1 OPTIONS',
  'alice: SIP/2.0 404 User Not Found / 1 OPTIONS',
  'alice: SIP/2.0 416 Unsupported URI Scheme / 1 OPTIONS',
];

const listings = { 'the quick-start listing': QUICKSTART, ...(REFERENCE ? { 'ser.cfg of the seeds': REFERENCE } : {}) };
for (const [name, script] of Object.entries(listings)) {
  describe(name, () => {
    test('waiting at any function changes nothing that telephones see', async (t) => {
      const stage = await Stage.open(t, script);
      assert.deepEqual(await story(stage), WITHOUT_WAITING);
      const { trace, met } = stage;
      const unmet = stage.places.filter((_, place) => !met.has(place));
      // 483, 513, and the refusals of a save and of a relay to a known contact, which would need a fault to happen.
      for (const place of unmet) assert.match(place, /^(sl_send_reply|sl_reply_error|t_relay)$/);
      assert.ok(met.size > 20, `only ${met.size} places were met`);

      let faults: unknown[] = [];
      let waits = 0;
      const repeatAndGoOn = async ({ run, go }: Held) => {
        waits++;
        const client = stage.clientOf(run);
        const absorbed = stage.lab.read('gatehouse_sip_requests_total', 'absorbed');
        client.send(run.message.raw);
        await stage.passed(client);
        assert.equal(stage.lab.read('gatehouse_sip_requests_total', 'absorbed'), absorbed + 1);
        go();
      };
      for (const waiting of [...met, 'everywhere']) {
        waits = 0;
        stage.waitAt(
          (place) => waiting === 'everywhere' || place === waiting,
          (held) => void repeatAndGoOn(held).catch((error) => faults.push(error)),
        );
        const where = waiting === 'everywhere' ? waiting : `${stage.places[waiting as number]} (place ${waiting})`;
        assert.deepEqual(await story(stage), WITHOUT_WAITING, `waiting at ${where}`);
        assert.deepEqual(stage.trace, trace, `waiting at ${where}`);
        assert.ok(waits > 0, `nobody waited at ${where}`);
        assert.deepEqual(faults, []);
        faults = [];
      }
      assert.equal(stage.lab.read('gatehouse_sip_waiting'), 0);
      assert.deepEqual(stage.lab.complaints, []);
    });

    test('a CANCEL for a waiting INVITE is answered at once, the INVITE with 487, and nobody is called', async (t) => {
      const stage = await Stage.open(t, script);
      const { alice, bob } = stage;
      await story(stage);
      const uri = `sip:bob@${DOMAIN}`;
      const invite = { method: 'INVITE', uri, to: uri, from: `sip:alice@${DOMAIN}` };
      const credentials = async () => {
        stage.waitAt(() => false);
        alice.send(request(alice, invite));
        return answer((await final(alice))!, 'INVITE', uri, 'alice', PASSWORDS.alice);
      };
      // Which places an INVITE with credentials meets: all but those that the challenge ends at.
      const first = { ...invite, headers: [await credentials()], branch: newBranch(), callId: 'path' };
      stage.waitAt(() => false);
      alice.send(request(alice, first));
      bob.send(responseTo((await bob.receive())!, '486 Busy Here', bob));
      alice.send(ackOf(alice, first, (await final(alice))!));
      assert.equal(statusOf((await bob.receive()) ?? ''), 0);
      const path = stage.met;
      assert.ok(path.size >= 8, `only ${path.size} places`);

      const holds = new EventEmitter();
      for (const waiting of path) {
        const call = { ...invite, headers: [await credentials()], branch: newBranch(), callId: `cancelled-${waiting}` };
        stage.waitAt(
          (place) => place === waiting,
          (held) => void holds.emit('held', held),
        );
        const held = once(holds, 'held');
        alice.send(request(alice, call));
        const [{ go }] = (await held) as [Held];
        alice.send(request(alice, { ...call, method: 'CANCEL', headers: [] }));
        const cancelled = await final(alice);
        assert.equal(`${statusOf(cancelled)} ${header(cancelled!, 'CSeq')}`, '200 1 CANCEL');
        go();
        const ended = await final(alice);
        assert.equal(`${statusOf(ended)} ${header(ended!, 'CSeq')}`, '487 1 INVITE', stage.places[waiting]);
        alice.send(ackOf(alice, call, ended!));
        await stage.passed(alice);
        await stage.passed(bob);
        assert.deepEqual([alice.inbox, bob.inbox], [[], []]);
      }
    });
  });
}

test('a run that is never resumed is given up, and what comes behind it goes on', async (t) => {
  const stage = await Stage.open(t, QUICKSTART);
  const { alice, lab } = stage;
  const timersAtRest = lab.wheel.size;
  const maxfwd = stage.places.indexOf('mf_process_maxfwd_header');
  const held: Held[] = [];
  const pause = new EventEmitter();
  stage.waitAt(
    (place) => place === maxfwd,
    (one) => {
      held.push(one);
      pause.emit('held');
    },
  );
  const uri = `sip:nobody@${DOMAIN}`;
  const ask = { uri, to: uri, from: `sip:alice@${DOMAIN}`, callId: 'never', headers: [] };
  const first = once(pause, 'held');
  alice.send(request(alice, { ...ask, method: 'INVITE', cseq: 1 }));
  await first;
  const behind = request(alice, { ...ask, method: 'OPTIONS', cseq: 2 });
  alice.send(behind);
  await stage.passed(alice);
  lab.advance(29_000);
  await stage.passed(alice);
  assert.deepEqual(alice.inbox, []);
  const second = once(pause, 'held');
  lab.advance(1_500);
  const lost = await final(alice);
  assert.equal(`${statusOf(lost)} ${header(lost!, 'CSeq')}`, '504 1 INVITE');
  await second;

  // The late result changes nothing any more.
  held[0]!.go();
  await stage.passed(alice);
  assert.deepEqual(alice.inbox, []);
  assert.equal(lab.read('gatehouse_sip_waiting'), 1);
  held[1]!.go();
  assert.equal(statusOf(await final(alice)), 404);
  assert.equal(lab.read('gatehouse_sip_waiting'), 0);
  assert.equal(lab.read('gatehouse_sip_requests_total', 'waited_too_long'), 1);

  // Cancelled while it waits: 487 in place of 504.
  const third = once(pause, 'held');
  const branch = newBranch();
  alice.send(request(alice, { ...ask, method: 'INVITE', cseq: 3, branch }));
  await third;
  alice.send(request(alice, { ...ask, method: 'CANCEL', cseq: 3, branch }));
  assert.equal(statusOf(await final(alice)), 200);
  lab.advance(31_000);
  assert.equal(statusOf(await final(alice)), 487);
  assert.equal(lab.read('gatehouse_sip_waiting'), 0);
  lab.advance(1_000);
  assert.equal(lab.wheel.size, timersAtRest);
});

test('requests without a branch are told apart by their CSeq while one of them waits', async (t) => {
  const stage = await Stage.open(t, QUICKSTART);
  const { alice, lab } = stage;
  const uri = `sip:nobody@${DOMAIN}`;
  const ask = (cseq: number) =>
    request(alice, { method: 'OPTIONS', uri, to: uri, from: uri, callId: 'old', cseq, branch: '1' }).replace(
      ';branch=1',
      '',
    );
  const held: Held[] = [];
  const first = stage.places.indexOf('mf_process_maxfwd_header');
  stage.waitAt(
    (place) => place === first && held.length === 0,
    (one) => held.push(one),
  );
  for (const cseq of [1, 2, 2, 1]) alice.send(ask(cseq));
  await stage.passed(alice);
  assert.equal(lab.read('gatehouse_sip_requests_total', 'queued'), 1);
  assert.equal(lab.read('gatehouse_sip_requests_total', 'absorbed'), 2);
  held[0]!.go();
  for (const cseq of [1, 2]) assert.equal(header((await final(alice))!, 'CSeq'), `${cseq} OPTIONS`);
});
