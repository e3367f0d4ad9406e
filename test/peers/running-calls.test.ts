/**
 * A restart in the middle of a hundred calls: the dialogs go on. A re-INVITE, and later a BYE, of either side finds its way through the
 * new process by the Route that the old one wrote, with its mark. All are still listed, and end with the lock of who is in them.
 */
// alone: loads the machine
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { answer, final, header, newBranch, register, type SipClient, sipClient, statusOf } from '../sip-client.ts';
import { makeSite, type Site } from './gatehouse.ts';

const CALLS = 100;
const DOMAIN = 'gate.test';

/** One end of a call. */
interface End {
  readonly client: SipClient;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  /** Contact of the other side. */
  readonly target: string;
  readonly routes: readonly string[];
  cseq: number;
}

test('a hundred calls outlive a restart of the server', async (t) => {
  const site = await makeSite(t, { domains: [DOMAIN] });
  assert.equal(site.import([`alice@${DOMAIN},pw-alice,`, `bob@${DOMAIN},pw-bob,`]).status, 0);
  let server = await site.start();
  const [alice, bob] = [await sipClient(t, site.sip), await sipClient(t, site.sip)];
  const who = { domain: DOMAIN, user: 'bob', password: 'pw-bob' };
  assert.equal(statusOf(await register(bob, who)), 200);
  const calls: [End, End][] = [];
  for (let i = 0; i < CALLS; i++) calls.push(await setUp(alice, bob, i));

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const code = await server.stop(signal);
    assert.equal(code, signal === 'SIGTERM' ? 0 : signal);
    server = await site.start();
    assert.equal(inCalls(site), 2 * CALLS, signal);
    for (const [caller, called] of calls) {
      await within(caller, called, 'INVITE');
      await within(called, caller, 'INVITE');
    }
  }
  for (const [i, [caller, called]] of calls.slice(0, CALLS / 2).entries()) {
    if (i % 2 === 0) await within(caller, called, 'BYE');
    else await within(called, caller, 'BYE');
  }
  const left = new Set(calls.slice(CALLS / 2).map(([{ callId }]) => callId));
  assert.equal(inCalls(site), 2 * left.size);
  assert.match(site.run('lock', `alice@${DOMAIN}`).stdout, new RegExp(`${left.size} sessions ended`));
  for (const client of [alice, bob]) assert.deepEqual(await hungUp(client, left.size), left);
  assert.equal(inCalls(site), 0);
  await strangersStayOut(t, site.sip, calls[0]![0]);
});

/** INVITE with credentials, 200, ACK. */
async function setUp(alice: SipClient, bob: SipClient, number: number): Promise<[End, End]> {
  const callId = `call-${number}`;
  const [from, to] = [`<sip:alice@${DOMAIN}>;tag=a${number}`, `<sip:bob@${DOMAIN}>`];
  const uri = `sip:bob@${DOMAIN}`;
  const first = { method: 'INVITE', uri, from, to, callId, routes: [] };
  send(alice, { ...first, cseq: 1 });
  const challenge = (await final(alice))!;
  assert.equal(statusOf(challenge), 407, challenge);
  const branch = /branch=([^;\r]+)/.exec(header(challenge, 'Via')!)![1]!;
  send(alice, { ...first, method: 'ACK', cseq: 1, to: header(challenge, 'To')!, branch });
  send(alice, { ...first, cseq: 2 }, [answer(challenge, 'INVITE', uri, 'alice', 'pw-alice')]);
  const invite = (await bob.receive())!;
  assert.match(invite, /^INVITE /);
  assert.match(header(invite, 'Record-Route') ?? '', /;gm=/);
  reply(bob, invite, `b${number}`);
  const ok = (await final(alice))!;
  assert.equal(statusOf(ok), 200, ok);
  const tagged = header(ok, 'To')!;
  const contact = (text: string) => /<([^>]*)>/.exec(header(text, 'Contact')!)![1]!;
  const caller = {
    client: alice,
    callId,
    from,
    to: tagged,
    target: contact(ok),
    routes: routesOf(ok).reverse(),
    cseq: 2,
  };
  const called = {
    client: bob,
    callId,
    from: tagged,
    to: from,
    target: contact(invite),
    routes: routesOf(invite),
    cseq: 100,
  };
  acknowledge(caller);
  assert.match((await bob.receive())!, /^ACK /);
  return [caller, called];
}

/** A request within the dialog: it arrives, its 200 comes back, and so does the ACK of an INVITE. */
async function within(from: End, to: End, method: 'INVITE' | 'BYE'): Promise<void> {
  from.cseq++;
  send(from.client, { ...from, method, uri: from.target });
  const request = (await to.client.receive())!;
  assert.match(request, new RegExp(`^${method} `), `${from.callId}: ${request}`);
  assert.equal(header(request, 'Call-ID'), from.callId);
  reply(to.client, request);
  const ok = (await final(from.client))!;
  assert.equal(statusOf(ok), 200, ok);
  if (method === 'BYE') return;
  acknowledge(from);
  assert.match((await to.client.receive())!, /^ACK /);
}

function inCalls(site: Site): number {
  const { sessions } = JSON.parse(site.run('who', '--json').stdout) as { sessions: { session: string }[] };
  return sessions.filter(({ session }) => session.startsWith('sip:call:')).length;
}

/** The Call-IDs of so many different BYEs, each answered. */
async function hungUp(client: SipClient, count: number): Promise<Set<string>> {
  const callIds = new Set<string>();
  while (callIds.size < count) {
    const bye = (await client.receive(10_000)) ?? '';
    assert.match(bye, /^BYE /, `after ${callIds.size}`);
    callIds.add(header(bye, 'Call-ID')!);
    reply(client, bye);
  }
  return callIds;
}

/** The same Route without its mark opens nothing after the restart either. */
async function strangersStayOut(t: TestContext, server: string, dialog: End): Promise<void> {
  const stranger = await sipClient(t, server);
  const routes = dialog.routes.map((route) => route.replace(/;gm=[0-9a-f]+/, ''));
  send(stranger, { ...dialog, routes, method: 'INVITE', uri: dialog.target, cseq: 500 });
  const refused = statusOf(await final(stranger));
  assert.ok(refused >= 400, `${refused}`);
}

interface Outgoing extends Pick<End, 'callId' | 'from' | 'to' | 'cseq' | 'routes'> {
  readonly method: string;
  readonly uri: string;
  readonly branch?: string;
}

function send(client: SipClient, what: Outgoing, more: readonly string[] = []): void {
  const { method, uri, from, to, callId, cseq, routes, branch = newBranch() } = what;
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${client.hostPort};branch=${branch};rport`,
    'Max-Forwards: 70',
    ...routes.map((route) => `Route: ${route}`),
    `From: ${from}`,
    `To: ${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    `Contact: <sip:${client.hostPort}>`,
    ...more,
    'Content-Length: 0',
  ];
  client.send(`${lines.join('\r\n')}\r\n\r\n`);
}

function acknowledge(end: End): void {
  send(end.client, { ...end, method: 'ACK', uri: end.target });
}

function reply(client: SipClient, request: string, tag?: string): void {
  const kept = request.split('\r\n').filter((line) => /^(via|record-route|from|call-id|cseq):/i.test(line));
  const to = header(request, 'To')! + (tag === undefined ? '' : `;tag=${tag}`);
  const own = [`To: ${to}`, `Contact: <sip:${client.hostPort}>`, 'Content-Length: 0'];
  client.send(`${['SIP/2.0 200 OK', ...kept, ...own].join('\r\n')}\r\n\r\n`);
}

function routesOf(message: string): string[] {
  const lines = message.split('\r\n').filter((line) => /^record-route:/i.test(line));
  return lines.flatMap((line) => line.slice(line.indexOf(':') + 1).split(',')).map((route) => route.trim());
}
