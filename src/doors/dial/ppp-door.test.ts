// peers: python3
/** Callers who speak PPP from the start: CBCP on the first leg, a proof on the second, then the command that speaks PPP. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerCall, callOf, DEADLINE, type DialLab, dialLab, gone, Script, until } from './lab.ts';
import { type Peer, PROTOCOL, pppPeer } from './ppp/lab.ts';

const { lcp, cbcp } = PROTOCOL;

/** A caller, with PPP open and his name and password said. `callBack`: as he asks for it. */
async function calls(lab: DialLab, name: string, password: string, callBack = '0d0306') {
  const call = callOf(await lab.caller.dial('1002', DEADLINE));
  const peer = pppPeer(call);
  assert.equal(await peer.open(callBack), '0305c22305');
  if (callBack !== '') await peer.chap(name, password);
  return { call, peer };
}

async function chooses(peer: Peer, option: string): Promise<void> {
  const { identifier } = await peer.expect(cbcp, 1);
  peer.send(cbcp, 2, identifier, option);
}

/** Both ends say that it is over. */
async function leaves(lab: DialLab, { call, peer }: Awaited<ReturnType<typeof calls>>): Promise<void> {
  peer.send(lcp, 5, 9, '');
  await peer.expect(lcp, 6);
  await gone(call);
  await lab.caller.hangUp();
}

test('by CBCP to the number on file, proven again there, and the line is the program’s that speaks PPP', async (t) => {
  const command = { name: 'start_ppp', kind: 'ppp', program: '/bin/sh', arguments: ['-c', 'echo begun; sleep 60'] };
  const lab = await dialLab(t, { dial: { commands: [command] } });
  lab.add('userxyz', 'secret');
  await lab.numbers.add('local:userxyz', 'home', '1001', []);
  const first = await calls(lab, 'userxyz', 'secret');
  // pppd's `callback 0`, which means the administrator's number.
  await chooses(first.peer, '020605013000');
  assert.equal((await first.peer.expect(cbcp, 3)).data.toString('hex'), '020605013000');
  await leaves(lab, first);

  const { call } = await answerCall(lab);
  const peer = pppPeer(call);
  await peer.open('');
  await peer.chap('userxyz', 'secret');
  // It is to begin anew, with whoever has the line.
  assert.equal((await peer.expect(lcp, 1)).data.length, 0);
  const program = new Script(call);
  await program.expect('begun');
  const [session] = [...lab.door.sessions()];
  assert.deepEqual([session?.user, session?.client, session?.detail.doing], ['userxyz', '1001', 'start_ppp']);
  await lab.door.end(session!.session, 'kicked');
  await gone(call);
  assert.deepEqual(
    lab.audited().map(({ event, reason, result }) => [event, reason ?? result].join(' ').trim()),
    ['challenge', 'called-back connected', 'opened', 'ended kicked'],
  );
});

test('nobody is called who proves nothing, wants no call, names a number of others, or is somebody else on the second leg', async (t) => {
  const lab = await dialLab(t);
  for (const name of ['userxyz', 'second', 'none']) lab.add(name, 'secret');
  await lab.numbers.add('local:userxyz', 'home', '1001', []);
  const refused = (reason: string, user: string) => lab.audit('refused', { reason, user });

  const wrong = callOf(await lab.caller.dial('1002', DEADLINE));
  const peer = pppPeer(wrong);
  await peer.open('0d0306');
  await assert.rejects(
    Promise.race([peer.chap('userxyz', 'wrong'), gone(wrong).then(() => Promise.reject(new Error('gone')))]),
  );
  await lab.caller.hangUp();
  await refused('wrong-proof', 'userxyz');

  const plain = await calls(lab, '', '', '');
  await gone(plain.call);
  await lab.caller.hangUp();
  await refused('no-call-back', '');

  const chosen = await calls(lab, 'userxyz', 'secret');
  for (let i = 0; i < 3; i++) await chooses(chosen.peer, '02090501313939390 0'.replace(' ', ''));
  await gone(chosen.call);
  await lab.caller.hangUp();
  await refused('no-number', 'userxyz');

  const without = await calls(lab, 'none', 'secret');
  for (let i = 0; i < 3; i++) await chooses(without.peer, '030305');
  await gone(without.call);
  await lab.caller.hangUp();
  await refused('no-number', 'none');

  const right = await calls(lab, 'userxyz', 'secret');
  // The number itself, as a person writes it.
  await chooses(right.peer, '020a05013130302d3100');
  await right.peer.expect(cbcp, 3);
  await leaves(lab, right);
  const { call } = await answerCall(lab);
  const other = pppPeer(call);
  await other.open('');
  void other.chap('second', 'secret').catch(() => {});
  await gone(call);
  await lab.caller.hangUp();
  await refused('not-called', 'second');
  await until(() => [...lab.door.sessions()].length === 0);
});
