/**
 * One gate behind all doors: a user who was added once comes in by each, is seen in one list, and is put out with one command; whoever guesses
 * a password at several doors is slowed as at one; and a hook that fails at a door holds up nobody else.
 */
// peers: nftables iproute2 python3
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ATTRIBUTE, CODE } from '../../src/platform/radius/numbers.ts';
import { type AllDoors, getIn, startAllDoors } from './all-doors-lab.ts';
import { inOwnNetwork } from './own-network.ts';
import { lastOf, PROBE, until } from './portal-steps.ts';

type Fields = Readonly<Record<string, unknown>>;

test('one user, one gate, all doors', inOwnNetwork(import.meta.filename, story));

async function story(t: TestContext): Promise<void> {
  const house = await startAllDoors(t, ['1000', '1001', '1002', '1003', '1004']);
  const caller = await house.caller();
  await comesInAndIsPutOut(t, house, caller);
  await saysSoByTelephone(house, caller);
  await guesserIsSlowed(house);
  await hookFailsAtTheWiFi(house);
  await oneTooManyIsToldSo(house);
  await trailShowsWhatWasDoneToIt(house);
  assert.equal(await house.server.stop(), 0);
}

type Caller = Awaited<ReturnType<AllDoors['caller']>>;

async function comesInAndIsPutOut(t: TestContext, house: AllDoors, caller: Caller): Promise<void> {
  const { run, nas, lastCode, administration } = house;
  const station = '02:00:5e:10:00:77';
  await administration.enrolToken({ user: '1000', type: 'sms', phone: '+491701234567' });
  await administration.addNumber('1000', 'home', '1001');
  // Two administrators at once: neither takes back what the other one set.
  await Promise.all(['portal', 'radius'].map((door) => house.rule(`code-${door}`, door, '1000', 'second_step=sms')));
  const [phone, other, talker] = [await house.phone(), await house.phone(), await house.phone()];
  const [notebook, equipment] = [await house.wifi(1), await house.equipment()];

  assert.equal(await other.registers('1001'), 200);
  assert.equal(await phone.registers('1000'), 200);
  void phone.answers();
  assert.equal((await getIn(notebook, '1000', 'password of 1000', lastCode)).status, 303);
  assert.equal((await notebook.ask(PROBE)).status, 204);
  const challenge = await equipment.asks('1000', 'password of 1000', station);
  assert.equal(challenge?.code, CODE.accessChallenge);
  const state = { type: ATTRIBUTE.state, value: challenge.first(ATTRIBUTE.state)! };
  const accept = await equipment.asks('1000', lastCode(), station, [state]);
  assert.equal(accept?.code, CODE.accessAccept);
  assert.equal((await equipment.starts('1000', station, accept))?.code, CODE.accountingResponse);
  await caller.getsIn('1000', 'home', 'password of 1000');

  const { sessions } = JSON.parse(await run('who', '1000', '--json')) as { sessions: { door: string }[] };
  assert.deepEqual(sessions.map(({ door }) => door).sort(), ['dial', 'portal', 'radius', 'sip']);
  assert.equal(await other.reaches('1001', '1000'), 200);
  await talker.calls('1001', '1000');
  await notebook.stream('udp');

  // Each is watched from outside while the lock is on its way.
  const seen = new Map<string, number>();
  const isSeen = (what: string) => () => seen.set(what, Date.now());
  const watching = Promise.all([
    caller.expect('NO CARRIER').then(isSeen('NO CARRIER')),
    until('a Disconnect-Request', async () => nas.heard.length > 0).then(isSeen('Disconnect-Request')),
    talker.hearsBye().then(isSeen('SIP: BYE')),
    until('SIP', async () => (await other.reaches('1001', '1000')) === 404).then(isSeen('SIP: 404')),
  ]);
  assert.match(await run('lock', '1000'), /5 sessions ended/);
  await watching;
  const [to, from] = await lastOf(notebook);
  assert.equal((await notebook.ask(PROBE)).status, 307);
  assert.equal(nas.heard[0]?.code, CODE.disconnectRequest);
  assert.equal(nas.heard[0]?.text(ATTRIBUTE.userName), '1000');

  const listed = JSON.parse(await run('audit', 'list', '1000', '--json', '--limit', '1000'));
  const all: Fields[] = listed.entries.map(({ fields }: { fields: Fields }) => fields);
  // The line `opened` of a call comes when it has lasted some seconds, or when it is ended.
  const isCall = ({ session }: Fields) => String(session).startsWith('sip:call:');
  assert.deepEqual(
    all
      .filter(isCall)
      .map(({ event, peer }) => `${event} ${peer}`)
      .sort(),
    ['ended sip:1001@127.0.0.1', 'opened sip:1001@127.0.0.1'],
  );
  const told = all.filter((fields) => !isCall(fields));
  const locked = told.findIndex(({ action }) => action === 'lock-user');
  const at = Date.parse(String(told[locked]?.time));
  for (const [what, when] of [...seen, ['the last packet', Math.max(to, from)] as const])
    t.diagnostic(`measured: ${what} ${when - at} ms after the lock was written`);
  const inShort = (fields: Fields) => [fields.event, fields.door].filter(Boolean).join(' ');
  assert.deepEqual(
    told
      .slice(0, locked)
      .map(inShort)
      .filter((text) => text !== 'admin'),
    [
      'opened sip',
      ...['challenge portal', 'code-accepted portal', 'opened portal'],
      ...['challenge radius', 'code-accepted radius', 'opened radius'],
      ...['challenge dial', 'called-back dial', 'opened dial'],
    ],
  );
  const afterwards = ['disconnect radius', 'ended dial', 'ended portal', 'ended radius', 'ended sip'];
  assert.deepEqual(
    told
      .slice(locked + 1)
      .map(inShort)
      .sort(),
    afterwards,
  );

  // No door opens again, and each says why to who gave the right password.
  assert.equal(await other.registers('1000'), 403);
  assert.match((await getIn(notebook, '1000', 'password of 1000')).headers.location!, /error=locked$/);
  const refused = await equipment.asks('1000', 'password of 1000', station);
  assert.equal(refused?.text(ATTRIBUTE.replyMessage), 'This user is locked.');
}

/** The password is right, and his own telephone rings: the page and the prompt of the call back wait for the key. */
async function saysSoByTelephone(house: AllDoors, caller: Caller): Promise<void> {
  const { administration, rule, run } = house;
  await administration.addNumber('1004', 'home', '1001');
  for (const door of ['portal', 'dial']) await rule(`ring-${door}`, door, '1004', 'second_step=callback');
  const desk = await house.phone();
  assert.equal(await desk.registers('1004'), 200);
  const presses = (key: string) => async () => {
    await desk.presses(key);
    return '';
  };
  const notebook = await house.wifi(5);
  const refused = await getIn(notebook, '1004', 'password of 1004', presses('5'));
  assert.match(refused.headers.location!, /error=wrong$/);
  assert.equal((await notebook.ask(PROBE)).status, 307);
  assert.equal((await getIn(notebook, '1004', 'password of 1004', presses('1'))).status, 303);
  assert.equal((await notebook.ask(PROBE)).status, 204);
  await caller.getsIn('1004', 'home', 'password of 1004', () => desk.presses('1'));
  const { sessions } = JSON.parse(await run('who', '1004', '--json')) as { sessions: { door: string }[] };
  assert.deepEqual(sessions.map(({ door }) => door).sort(), ['dial', 'portal', 'sip']);
}

/** Ten guesses at three doors, and ten at one: as many are looked at. Whoever was in from his own place before gets in from there meanwhile. */
async function guesserIsSlowed(house: AllDoors): Promise<void> {
  const [stranger, equipment] = [await house.wifi(2), await house.equipment()];
  const spread = async () => {
    for (let i = 0; i < 3; i++)
      assert.match((await getIn(stranger, '1002', `guess ${i}`)).headers.location!, /error=wrong$/);
    for (let i = 0; i < 3; i++) await (await house.phone()).registers('1002', `guess ${i}`, 5_000);
    for (let i = 0; i < 4; i++) await equipment.asks('1002', `guess ${i}`, `place ${i}`, [], 100);
  };
  const atOne = async () => {
    for (let i = 0; i < 10; i++) await equipment.asks('1003', `guess ${i}`, `place ${i}`, [], 100);
  };
  for (const [user, guess] of [['1002', spread] as const, ['1003', atOne] as const]) {
    const home = async () => (await equipment.asks(user, `password of ${user}`, 'home'))?.code;
    assert.equal(await home(), CODE.accessAccept);
    const began = Date.now();
    await guess();
    const right = await equipment.asks(user, `password of ${user}`, 'elsewhere', [], 100);
    assert.notEqual(right?.code, CODE.accessAccept, 'over the limit the right password does not help');
    assert.equal(await home(), CODE.accessAccept, 'nobody is locked out by others');
    const looked = async () => (await refusalsOf(house, user)).filter(({ reason }) => reason === 'wrong-proof').length;
    await until(`five guesses at ${user} are looked at`, async () => (await looked()) >= 5);
    // One is forgiven every half minute.
    const most = 5 + Math.floor((Date.now() - began) / 30_000);
    assert.ok((await looked()) <= most, `${await looked()} guesses at ${user} were looked at, not ${most}`);
  }
}

async function hookFailsAtTheWiFi(house: AllDoors): Promise<void> {
  const { hook, wifi, phone } = house;
  const guest = await wifi(3);
  const telephone = await phone();
  const enters = () => getIn(guest, '1001', 'password of 1001');
  const faults = {
    'echo "closed today"; exit 1': 'house: closed today',
    'exec sleep 1000': 'house: its time was over',
    'echo come in': 'house: it printed no numbers: come in',
    'kill -9 $$': 'house: it was ended by SIGKILL',
  };
  for (const [script, rule] of Object.entries(faults)) {
    hook.say(script);
    const entering = enters();
    if (script.includes('sleep')) assert.equal(await telephone.registers('1001'), 200);
    assert.match((await entering).headers.location!, /error=rule$/, script);
    assert.equal((await guest.ask(PROBE)).status, 307, script);
    await until(rule, async () => (await refusalsOf(house, '1001'))[0]?.rule === rule);
  }
  hook.say('exit 0');
  assert.equal((await enters()).status, 303);
  assert.equal((await guest.ask(PROBE)).status, 204);
}

/** 1001 has a notebook in the Wi-Fi from before. */
async function oneTooManyIsToldSo({ rule, wifi, equipment }: AllDoors): Promise<void> {
  for (const door of ['portal', 'radius']) await rule(`one-${door}`, door, '1001', 'max_sessions=1');
  const another = await wifi(4);
  assert.match((await getIn(another, '1001', 'password of 1001')).headers.location!, /error=many$/);
  assert.equal((await another.ask(PROBE)).status, 307);
  const nas = await equipment();
  const asks = (station: string) => nas.asks('1001', 'password of 1001', station);
  const accept = await asks('desk');
  assert.equal(accept?.code, CODE.accessAccept);
  assert.equal((await nas.starts('1001', 'desk', accept))?.code, CODE.accountingResponse);
  const tooMany = await asks('elsewhere');
  assert.equal(tooMany?.text(ATTRIBUTE.replyMessage), 'You have as many sessions as you may have.');
  assert.equal((await asks('desk'))?.code, CODE.accessAccept, 'the same card again is no other session');
}

async function trailShowsWhatWasDoneToIt({ site, run, administration }: AllDoors): Promise<void> {
  const folder = join(site.folder, 'audit');
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.log'))!);
  const whole = readFileSync(file, 'latin1');
  assert.match(await run('audit', 'verify'), /is whole/);
  const lines = whole.split('\n');
  const lock = lines.findIndex((line) => line.includes('lock-user'));
  const damages = {
    changed: whole.replace('lock-user', 'lack-user'),
    removed: lines.toSpliced(lock, 1).join('\n'),
    'cut off': `${lines.slice(0, -3).join('\n')}\n`,
  };
  for (const [what, text] of Object.entries(damages)) {
    writeFileSync(file, text, 'latin1');
    const { faults } = await administration.verifyAudit();
    assert.ok(faults.length > 0, `a line that is ${what}`);
  }
  assert.equal((await site.runAside('audit', 'verify')).status, 7);
  writeFileSync(file, whole, 'latin1');
}

/** The newest first. */
async function refusalsOf({ administration }: AllDoors, user: string): Promise<Fields[]> {
  const { entries } = await administration.listAudit({ user, event: 'refused', limit: 1000 });
  return entries.map(({ fields }) => fields);
}
