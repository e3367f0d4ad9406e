/** What the script sees of each verdict, whether the gate answers at once or lets the run wait. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, Knock, Ticket, Verdict } from '../../../../core/gate/types.ts';
import type { SubscriberSpec } from '../../../../core/ser/types.ts';
import type { UserSource } from '../../../../core/users/types.ts';
import type { ParameterValues } from '../../script/types.ts';
import { DigestRuleBook } from '../auth/digest-rules.ts';
import { auth } from '../auth/module.ts';
import { Nonces } from '../auth/nonce.ts';
import { authSettings } from '../auth/settings.ts';
import { clockAt, load, outcome, request, type ScriptCall, services, withDefaults } from '../lab.ts';
import { loadedColumns } from './load-credentials.ts';
import { authDb } from './module.ts';

const NOW = 1_000_000_000_000;
const ticket = { door: 'sip', account: { values: ['sip:+4930@example.com', null] } } as unknown as Ticket;
const proven: Verdict = { verdict: 'proven', ticket };
const challenge: Verdict = { verdict: 'challenge', transaction: '1', via: 'sms', prompt: '', tokens: [] };
const www: ScriptCall = ['www_authorize', '', 'subscriber'];

interface Lab {
  answer?: (knock: Knock) => Answer<Verdict>;
  parameters?: ParameterValues;
  calls?: ScriptCall[];
  shared?: boolean;
  digest?: DigestRuleBook;
}

async function lab({ answer = () => proven, parameters = {}, calls = [www], shared = true, digest }: Lab = {}) {
  const knocks: Knock[] = [];
  const opened: { spec: SubscriberSpec; options: object }[] = [];
  const said: string[] = [];
  const warned: string[] = [];
  const log = {
    info: (text: string) => void said.push(text),
    warn: (text: string) => void warned.push(text),
    error: (text: string) => assert.fail(text),
  };
  const fakes = services({
    ...(digest ? { options: { digest } } : {}),
    log,
    gate: { prove },
    userSource: async (spec: SubscriberSpec, options: object) => {
      opened.push({ spec, options });
      return { name: spec.table, shared } as UserSource;
    },
  });
  const others = { auth: withDefaults(auth, { secret: 's' }) };
  const bound = await load(authDb, { parameters, others, calls, services: fakes });
  return { bound, call: bound[0]!, knocks, opened, said, warned };

  function prove(knock: Knock): Answer<Verdict> {
    knocks.push(knock);
    return answer(knock);
  }
}

function register(change: { created?: number; header?: string; username?: string; more?: string } = {}) {
  const nonce = new Nonces('s', 300, 0).create(change.created ?? NOW);
  const username = change.username ?? '1000';
  return request('REGISTER sip:example.com', [
    `${change.header ?? 'Authorization'}: Digest username="${username}", realm="example.com", nonce="${nonce}", ` +
      `uri="sip:example.com", response="0123456789abcdef0123456789abcdef"${change.more ?? ''}`,
  ]);
}

function refused(reason: Extract<Verdict, { verdict: 'refused' }>['reason'], silent = false): Verdict {
  return { verdict: 'refused', reason, silent };
}

for (const [how, give] of [
  ['at once', (verdict: Verdict) => verdict],
  ['after a while', (verdict: Verdict) => Promise.resolve(verdict)],
] as const) {
  for (const [verdict, result, status, marks] of [
    [proven, 1, undefined, {}],
    [refused('unknown-user'), -1, undefined, {}],
    [refused('wrong-proof'), -2, undefined, {}],
    [refused('replayed'), -2, undefined, { stale: true }],
    [refused('slowed'), -2, undefined, {}],
    [refused('slowed', true), 0, undefined, { dropped: true }],
    [refused('wrong-proof', true), 0, undefined, { dropped: true }],
    [refused('locked'), 0, 403, {}],
    [refused('policy'), 0, 403, {}],
    [refused('unavailable'), 0, 503, {}],
    [refused('not-sent'), 0, 503, {}],
    [challenge, 0, 403, {}],
  ] as const) {
    const what = verdict.verdict === 'refused' ? verdict.reason + (verdict.silent ? ', silent' : '') : verdict.verdict;
    test(`${what}, ${how}: ${result}${status ? ` and ${status}` : ''}`, async () => {
      const { call } = await lab({ answer: () => give(verdict) });
      const { run, host } = register();
      assert.equal(await outcome(call, { run, host }), result);
      assert.deepEqual({ stale: run.stale, dropped: run.dropped }, { stale: false, dropped: false, ...marks });
      assert.equal(host.replies[0]?.status, status);
      assert.equal(run.authorised !== undefined, verdict === proven);
      assert.equal(run.waiting, false);
    });
  }
}

test('the answer that is there at once makes the run not wait', async () => {
  const { call } = await lab();
  assert.equal(call(register().run), 1);
});

test('unavailable names a time to come back', async () => {
  const { call } = await lab({ answer: () => refused('unavailable') });
  const { run, host } = register();
  call(run);
  assert.deepEqual(host.replies, [{ status: 503, reason: 'Service Unavailable', headers: 'Retry-After: 5\r\n' }]);
});

test('a gate that fails counts as unavailable', async () => {
  const { call } = await lab({ answer: () => Promise.reject(new Error('gone')) });
  const built = register();
  assert.equal(await outcome(call, built), 0);
  assert.equal(built.host.replies[0]!.status, 503);
});

for (const [verdict, result] of [
  [proven, -3],
  [refused('wrong-proof'), -2],
] as const) {
  test(`with an expired nonce, ${verdict.verdict}: ${result}`, async () => {
    const { call, knocks } = await lab({ answer: () => verdict });
    const { run } = register({ created: NOW - 301_000 });
    assert.equal(call(run), result);
    assert.equal(run.stale, result === -3);
    assert.equal(run.authorised !== undefined, result === -3, 'the credentials are marked all the same');
    assert.equal((knocks[0]!.proof as { expired: boolean }).expired, true);
  });
}

test('nobody is asked about credentials that are missing, malformed, or bring a nonce of others', async () => {
  const { call, knocks } = await lab();
  const digest = 'Authorization: Digest username="1000", realm="example.com", uri="sip:x", response="00"';
  assert.equal(call(request('REGISTER sip:example.com').run), -4);
  assert.equal(call(request('REGISTER sip:example.com', [digest]).run), 0);
  assert.equal(call(request('REGISTER sip:example.com', [`${digest}, nonce="${'0'.repeat(40)}"`]).run), -3);
  assert.equal(call(request('ACK sip:example.com').run), 1);
  assert.deepEqual(knocks, []);
});

test('what the gate gets, and what is remembered', async () => {
  const { call, knocks } = await lab();
  const { run } = register({ username: '1000@example.com' });
  call(run);
  const { proof, source, ...rest } = knocks[0]!;
  assert.deepEqual(rest, {
    door: 'sip',
    user: '1000',
    domain: '',
    client: { address: '198.51.100.7', port: 5070 },
    time: NOW,
  });
  assert.equal(source!.name, 'subscriber');
  assert.equal((proof as { username: string }).username, '1000@example.com');
  const header = run.message.headerCount - 2;
  assert.deepEqual(run.authorised, {
    header,
    username: '1000@example.com',
    user: '1000',
    realm: 'example.com',
    ticket,
  });
});

test('users are looked up by the text that the bytes of the name are, and proven by the bytes', async () => {
  const { call, knocks } = await lab({ parameters: { use_domain: 1 } });
  const wire = Buffer.from('żółw').toString('latin1');
  const { run } = register({ username: wire });
  call(run);
  const [{ user, proof }] = knocks as [Knock];
  assert.deepEqual([user, proof.kind === 'digest' && proof.username], ['żółw', wire]);
  assert.deepEqual([run.authorised!.user, run.authorised!.username], [wire, wire]);
  call(register({ username: 'm\xfcller' }).run);
  assert.equal(knocks[1]!.user, 'müller', 'bytes that are no UTF-8 are taken for latin1');
});

test('with qop a nonce from before the start has expired, without it is good', async () => {
  const { call, knocks } = await lab();
  const { run } = register({ created: NOW - 1000 });
  assert.equal(call(run), 1);
  const counted = register({ created: NOW - 1000, more: ', qop=auth, nc=00000001, cnonce="c"' });
  assert.equal(call(counted.run), -3);
  assert.equal(counted.run.stale, true);
  assert.deepEqual(
    knocks.map(({ proof }) => proof.kind === 'digest' && proof.expired),
    [false, true],
  );
});

test('nonces of auth and of auth_db are the same, whatever second each was built in', async () => {
  const clock = clockAt(NOW);
  const values = withDefaults(auth, { secret: 's' });
  const fakes = services({ clock });
  const made = authSettings(values, fakes);
  clock.time += 1000;
  assert.equal(authSettings(values, fakes), made);
  assert.notEqual(authSettings({ ...values }, fakes), made);
});

test('with use_domain the realm is the domain', async () => {
  const { call, knocks, opened } = await lab({ parameters: { use_domain: 1 } });
  call(register().run);
  assert.equal(knocks[0]!.domain, 'example.com');
  assert.deepEqual(opened[0]!.options, { useDomain: true, calculateHa1: false });
});

test('proxy_authorize reads the other header', async () => {
  const { call } = await lab({ calls: [['proxy_authorize', 'example.com', 'subscriber']] });
  assert.equal(call(register().run), -4);
  assert.equal(call(register({ header: 'Proxy-Authorization' }).run), 1);
});

test('each table is opened once, as the parameters describe it', async () => {
  const parameters = {
    db_url: 'mysql://ser:heslo@localhost/ser',
    calculate_ha1: 1,
    password_column: 'password',
    load_credentials: '$avp(s:rpid)=rpid; timezone',
  };
  const calls: ScriptCall[] = [www, ['proxy_authorize', '', 'subscriber'], ['www_authorize', '', 'others']];
  const { bound, knocks, opened } = await lab({ parameters, calls });
  const spec = {
    database: 'database of mysql://ser:heslo@localhost/ser',
    table: 'subscriber',
    userColumn: 'username',
    domainColumn: 'domain',
    passwordColumn: 'password',
    passwordColumn2: 'ha1b',
    columns: ['rpid', 'timezone'],
  };
  const options = { useDomain: false, calculateHa1: true };
  assert.deepEqual(opened, [
    { spec, options },
    { spec: { ...spec, table: 'others' }, options },
  ]);
  bound[2]!(register().run);
  assert.equal(knocks[0]!.source!.name, 'others');
});

test('the columns of load_credentials become AVPs', async () => {
  const { call } = await lab({ parameters: { load_credentials: '$avp(i:13)=rpid; timezone' } });
  const { run } = register();
  assert.equal(call(run), 1);
  assert.deepEqual([...run.avps!.entries()], [['i:13', 'sip:+4930@example.com']]);
});

test('without db_url the tables are in our own database', async () => {
  const { opened } = await lab();
  assert.deepEqual([opened[0]!.spec.database, opened[0]!.spec.columns], ['main', ['rpid']]);
});

for (const [name, options, lines] of [
  ['stored HA1 of an attached table', {}, 1],
  ['clear passwords', { parameters: { calculate_ha1: 1 } }, 0],
  ['a table of our own', { shared: false }, 0],
] as const) {
  test(`wrong digests and ${name}: ${lines} lines about the domain`, async () => {
    const { call, said } = await lab({ answer: () => refused('wrong-proof'), ...options });
    for (let i = 0; i < 3; i++) call(register().run);
    assert.equal(said.length, lines);
  });
}

test('a table of HA1 and a domain that asks for more than MD5: said at the start', async () => {
  const digest = new DigestRuleBook(undefined, new Map([['a.example', { algorithms: ['SHA-256'] as const }]]));
  assert.match((await lab({ digest })).warned.join(), /HA1, which are MD5/);
  assert.deepEqual((await lab({ digest, parameters: { calculate_ha1: 1 } })).warned, []);
  assert.deepEqual((await lab({ digest, shared: false })).warned, []);
  assert.deepEqual((await lab()).warned, []);
});

test('load_credentials and table names are checked', () => {
  const load = authDb.parameters.find((p) => p.name === 'load_credentials')!.check!;
  assert.equal(load('$avp(i:13)=rpid;email_address;'), undefined);
  assert.match(load('a b')!, /no name/);
  assert.deepEqual(loadedColumns(''), []);
  const argument = authDb.functions[0]!.checkArgument!;
  assert.match(argument(1, '')!, /no name/);
  assert.match(argument(1, 'a; DROP')!, /no name/);
});
