import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoredAccount } from '../../../core/users/stored-account.ts';
import type { Host } from '../line/types.ts';
import { hearClaim } from './authenticate.ts';
import { chooseNumber } from './cbcp.ts';
import { FrameReader, frameOf, type Packet } from './frames.ts';
import { type Peer, PROTOCOL, pppPeer } from './lab.ts';
import { Link } from './link.ts';
import { TextOrPpp } from './text-or-ppp.ts';

const { lcp, chap, cbcp, ipcp } = PROTOCOL;

/** A first request with what pppd asks for: map, magic number, both compressions. */
const PPPD = '7eff7d23c0217d217d217d207d347d227d267d207d207d207d207d257d2628e54c217d277d227d287d22a87d207e';

/** A link of ours and its other end, in memory. */
function lab(options: { takesCallBack?: boolean; restartMs?: number } = {}) {
  const listeners: (((bytes: Buffer) => void) | undefined)[] = [];
  const end = (mine: number, other: number): Host => ({
    write: (bytes) => void setImmediate(() => listeners[other]?.(Buffer.from(bytes))),
    listen: (onBytes) => {
      listeners[mine] = onBytes;
    },
  });
  const over = new AbortController();
  const { takesCallBack = true, restartMs = 10_000 } = options;
  const peer = pppPeer(end(1, 0));
  const link = new Link(end(0, 1), Buffer.alloc(0), over.signal, { takesCallBack, restartMs });
  return { peer, link, over };
}

function packetsOf(hex: string): Packet[] {
  return new FrameReader().read(Buffer.from(hex, 'hex'));
}

test('a frame is read in the form in which pppd writes it, in whatever pieces, and written as it is read', () => {
  const [packet, ...others] = packetsOf(PPPD);
  assert.deepEqual(others, []);
  assert.equal(packet?.data.toString('hex'), '02060000000005 0628e54c2107020802'.replace(' ', ''));
  assert.equal(frameOf(packet!).toString('hex'), PPPD);
  const reader = new FrameReader();
  const bytes = Buffer.from(`00ff${PPPD}${PPPD.slice(2)}`, 'hex');
  assert.equal([...bytes].flatMap((byte) => reader.read(Buffer.of(byte))).length, 2);
});

test('what is damaged, cut, too long, aborted, or lies about its length is no packet', () => {
  assert.deepEqual(packetsOf(PPPD.replace('28e5', '28e6')), []);
  assert.deepEqual(packetsOf(`${PPPD.slice(0, -2)}7d7e`), []);
  assert.deepEqual(packetsOf('7eff7d23c0217e7e7e'), []);
  const long = frameOf({ protocol: lcp, code: 1, identifier: 1, data: Buffer.alloc(1_600, 0x41) });
  assert.deepEqual(new FrameReader().read(long), []);
  const reader = new FrameReader();
  for (let i = 0; i < 100; i++) assert.deepEqual(reader.read(Buffer.alloc(10_000, 0x55)), []);
  assert.equal(reader.read(Buffer.from(PPPD, 'hex')).length, 1);
});

test('LCP: what changes nothing is taken, the rest rejected, another call back is pointed to CBCP, another proof is agreed upon', async () => {
  const { peer, link } = lab();
  const agreed = link.establish();
  const first = await peer.expect(lcp, 1);
  assert.equal(first.data.toString('hex'), '0305c22305');
  peer.send(lcp, 1, 1, '02060000000007020802');
  assert.equal((await peer.expect(lcp, 4)).data.toString('hex'), '07020802');
  peer.send(lcp, 1, 2, '0d0300');
  assert.equal((await peer.expect(lcp, 3)).data.toString('hex'), '0d0306');
  peer.send(lcp, 1, 3, '020600000000050612345678 0d0306'.replace(' ', ''));
  assert.equal((await peer.expect(lcp, 2)).identifier, 3);
  // One that it cannot do: the next; one that it can: that.
  peer.send(lcp, 3, first.identifier, '0305c22380');
  const second = await peer.expect(lcp, 1);
  assert.equal(second.data.toString('hex'), '0305c22381');
  peer.send(lcp, 2, first.identifier, first.data);
  peer.send(lcp, 3, second.identifier, '0304c023');
  const third = await peer.expect(lcp, 1);
  assert.equal(third.data.toString('hex'), '0304c023');
  peer.send(lcp, 2, third.identifier, third.data);
  assert.deepEqual(await agreed, { method: 'pap', callBack: true });
});

test('LCP: silence is asked again, a side that proves nothing or never agrees is given up, a call back on the second leg is rejected', async () => {
  const asked = lab({ restartMs: 1 });
  assert.equal(await asked.link.establish(), undefined);
  for (let i = 0; i < 10; i++) await asked.peer.expect(lcp, 1);
  const refusing = lab();
  const none = refusing.link.establish();
  const { identifier, data } = await refusing.peer.expect(lcp, 1);
  refusing.peer.send(lcp, 4, identifier, data);
  assert.equal(await none, undefined);
  const endless = lab({ takesCallBack: false });
  const never = endless.link.establish();
  endless.peer.send(lcp, 1, 1, '0d0306');
  assert.equal((await endless.peer.expect(lcp, 4)).data.toString('hex'), '0d0306');
  for (let i = 0; i < 60; i++) endless.peer.send(lcp, 1, i, '0702');
  assert.equal(await never, undefined);
  const gone = lab();
  const left = gone.link.establish();
  gone.over.abort();
  assert.equal(await left, undefined);
});

test('CHAP, MS-CHAPv2 and PAP bring what the gate weighs, and tell what it said; echoes are answered meanwhile', async () => {
  const one = await opened();
  const claim = hearClaim(one.link, 'chap');
  one.peer.send(ipcp, 1, 1, '0306000000 00'.replace(' ', ''));
  const answered = one.peer.chap('alice@x', 'secret');
  const { name, proof, settle } = (await claim)!;
  const alice = accountOf('secret');
  assert.equal(name, 'alice@x');
  assert.equal(proof.kind === 'chap' && alice.checkChap(proof), true);
  settle(alice);
  await answered;

  const two = await opened();
  const second = hearClaim(two.link, 'ms-chap-v2');
  const challenge = await two.peer.expect(chap, 1);
  two.peer.send(lcp, 9, 5, '1234567801');
  assert.equal((await two.peer.expect(lcp, 10)).data.toString('hex'), '0000000001');
  two.peer.send(
    chap,
    2,
    challenge.identifier,
    Buffer.concat([Buffer.of(49), Buffer.alloc(49, 1), Buffer.from('HOUSE\\alice')]),
  );
  const ms = (await second)!;
  assert.equal(ms.name, 'alice');
  assert.equal(ms.proof.kind === 'ms-chap' && alice.checkMsChap(ms.proof), false);
  ms.settle(undefined);
  assert.match((await two.peer.expect(chap, 4)).data.toString(), /^E=691 R=0 C=[0-9A-F]{32} V=3 /);
  const proven = hearClaim(two.link, 'ms-chap-v2');
  const again = await two.peer.expect(chap, 1);
  two.peer.send(chap, 2, again.identifier, Buffer.concat([Buffer.of(49), Buffer.alloc(49, 1), Buffer.from('alice')]));
  (await proven)!.settle(alice);
  assert.match((await two.peer.expect(chap, 3)).data.toString(), /^S=[0-9A-F]{40}$/);

  const three = await opened();
  const third = hearClaim(three.link, 'pap');
  const heard = three.peer.pap('alice', 'secret');
  const pap = (await third)!;
  assert.deepEqual(pap.proof, { kind: 'password', password: 'secret' });
  pap.settle(alice);
  await heard;
  for (const wrong of ['05616c', '', 'ff', '0561']) {
    const four = await opened();
    const none = hearClaim(four.link, 'pap');
    four.peer.send(PROTOCOL.pap, 1, 1, wrong);
    assert.equal(await none, undefined);
  }
});

test('CBCP: the number on file, 0 for it, a number of his own, none of them; what the user may name stands last', async () => {
  const asked: string[] = [];
  const take = async (number: string) => {
    asked.push(number);
    return number === '5551234' ? 'office' : undefined;
  };
  // As pppd answers.
  const answers: [string, string | undefined][] = [
    ['030305', ''],
    ['020605013000', ''],
    ['020c05013535353132333400', 'office'],
    ['020605013900', undefined],
    ['0102', undefined],
    ['0303050303 05'.replace(' ', ''), undefined],
    ['03ff', undefined],
  ];
  for (const [answer, to] of answers) {
    const { peer, link } = await opened();
    const chosen = chooseNumber(link, { onFile: true, take });
    const first = await peer.expect(cbcp, 1);
    assert.equal(first.data.toString('hex'), '0303000205000100');
    peer.send(cbcp, 2, first.identifier ^ 0x80, '030305');
    for (let i = 0, { identifier } = await peer.expect(cbcp, 1); i < 2; i++) {
      peer.send(cbcp, 2, identifier, answer);
      if (to !== undefined) {
        assert.equal((await peer.expect(cbcp, 3)).data.toString('hex'), answer);
        break;
      }
      if (i === 0) ({ identifier } = await peer.expect(cbcp, 1));
    }
    assert.equal(await chosen, to, answer);
  }
  assert.ok(!asked.includes('0') && !asked.includes(''));
  const { peer, link } = await opened();
  const nothing = chooseNumber(link, { onFile: false, take });
  assert.equal((await peer.expect(cbcp, 1)).data.toString('hex'), '0205000100');
  peer.send(lcp, 5, 9, '');
  await peer.expect(lcp, 6);
  assert.equal(await nothing, undefined);
});

test('a line is text until the first frame, which nobody echoes', async () => {
  let say: ((bytes: Buffer) => void) | undefined;
  const written: string[] = [];
  const line = new TextOrPpp({
    write: (bytes) => void written.push(Buffer.from(bytes).toString('latin1')),
    listen: (onBytes) => {
      say = onBytes;
    },
  });
  const text: string[] = [];
  line.listen((bytes) => void text.push(bytes.toString('latin1')));
  for (const part of ['a~', 'b', '~', 'c', 'd~']) say!(Buffer.from(part));
  assert.equal(text.join(''), 'a~b~cd');
  assert.equal(line.begun.aborted, false);
  say!(Buffer.from(PPPD.slice(2), 'hex'));
  assert.equal(line.begun.aborted, true);
  say!(Buffer.from('more'));
  assert.equal(line.early.toString('latin1'), `${Buffer.from(PPPD, 'hex').toString('latin1')}more`);
  line.write(Buffer.from('login: '));
  assert.deepEqual(written, []);
  assert.equal(text.join(''), 'a~b~cd');
});

async function opened(): Promise<{ peer: Peer; link: Link }> {
  const { peer, link } = lab();
  const agreed = link.establish();
  assert.equal(await peer.open('0d0306'), '0305c22305');
  assert.deepEqual(await agreed, { method: 'chap', callBack: true });
  return { peer, link };
}

function accountOf(password: string): StoredAccount {
  const data = { id: 'local:1', name: 'alice', domain: '', locked: false, values: [] };
  return new StoredAccount(data, { password: () => password, ha1: () => undefined });
}
