/** Each parameter and function of `auth_db`, seen on the wire against tables that were there before (db_url: test/peers/attached-users). */
import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { authDb } from '../../src/doors/sip/modules/auth_db/module.ts';
import { header, statusOf } from '../sip-client.ts';
import { DOMAIN, layGround } from '../sip-lab.ts';
import { answerTo, assertPlaces, md5, type Pieces, Scene, TELL_RESULT } from './scene.ts';

const RPID = 'sip:+4930123@hotel.example';
const ha1 = (user: string, domain: string, password: string) => md5(`${user}:${domain}:${password}`);
const COLUMNS = `username text NOT NULL, domain text NOT NULL, password text NOT NULL DEFAULT '',
  ha1 text NOT NULL DEFAULT '', ha1b text NOT NULL DEFAULT ''`;

const ground = await layGround({
  tables: `
    CREATE TABLE subscriber (${COLUMNS}, rpid text, office text);
    INSERT INTO subscriber VALUES ('alice', '${DOMAIN}', 'clear', '${ha1('alice', DOMAIN, 'hashed')}',
      '${ha1(`alice@${DOMAIN}`, DOMAIN, 'with domain')}', '${RPID}', '4.12');
    INSERT INTO subscriber VALUES ('alice', 'other.example', 'elsewhere', '', '', NULL, NULL);
    CREATE TABLE bare (${COLUMNS});
    INSERT INTO bare SELECT username, domain, password, ha1, ha1b FROM subscriber;
    CREATE TABLE people (login text, site text, key text, key2 text);
    INSERT INTO people VALUES ('carol', '${DOMAIN}', '${ha1('carol', DOMAIN, 'k1')}',
      '${ha1(`carol@${DOMAIN}`, DOMAIN, 'k2')}');
    INSERT INTO people VALUES ('carol', 'other.example', '${ha1('carol', 'other.example', 'k3')}', '');`,
});
after(() => ground.close());

const tested = new Set<string>(['db_url']);
const open = (t: TestContext, pieces: Pieces) => Scene.open(t, { ground, ...pieces });
const set = (name: string, value: string | number) =>
  `modparam("auth_db", "${name}", ${typeof value === 'number' ? value : `"${value}"`})`;

function parameter(names: string, what: string, check: (t: TestContext) => Promise<void>): void {
  for (const name of names.split(', ')) tested.add(name);
  test(`${names}: ${what}`, check);
}

/** What becomes of each pair of name and password, at a table and realm. */
async function statuses(
  t: TestContext,
  parameters: readonly string[],
  tries: readonly (readonly [string, string])[],
  { table = 'subscriber', realm = '' } = {},
): Promise<number[]> {
  const scene = await open(t, {
    parameters: parameters.join('\n'),
    body: `if (method=="OPTIONS") { www_challenge("${realm}", "1"); exit; };
      www_authorize("${realm}", "${table}"); ${TELL_RESULT}`,
  });
  const found: number[] = [];
  for (const [user, password] of tries) {
    const challenge = await scene.ask('OPTIONS');
    found.push(statusOf(await scene.ask('MESSAGE', [answerTo(challenge, 'MESSAGE', { user, password })])));
  }
  return found;
}

const PEOPLE = ['user_column', 'domain_column', 'password_column', 'password_column_2'];
const RENAMED = ['login', 'site', 'key', 'key2'].map((column, i) => set(PEOPLE[i]!, column));

parameter(PEOPLE.join(', '), 'the table may call them as it likes', async (t) => {
  const tries = [
    ['carol', 'k1'],
    [`carol@${DOMAIN}`, 'k2'],
    ['carol', 'k2'],
  ] as const;
  assert.deepEqual(await statuses(t, RENAMED, tries, { table: 'people' }), [200, 200, 482]);
  const other = { table: 'people', realm: 'other.example' };
  assert.deepEqual(await statuses(t, [...RENAMED, set('use_domain', 1)], [['carol', 'k3']], other), [200]);
});

parameter('calculate_ha1', '1: the column holds clear passwords; 0: HA1 of the domain it was made with', async (t) => {
  const tries = [
    ['alice', 'clear'],
    ['alice', 'hashed'],
  ] as const;
  const clear = [set('calculate_ha1', 1), set('password_column', 'password')];
  assert.deepEqual(await statuses(t, clear, tries), [200, 482]);
  assert.deepEqual(await statuses(t, [], tries), [482, 200]);
  const renamed = { realm: 'new-name.example' };
  assert.deepEqual(await statuses(t, clear, [['alice', 'clear']], renamed), [200]);
  assert.deepEqual(await statuses(t, [], [['alice', 'hashed']], renamed), [482]);
});

parameter('use_domain', '0: the name alone counts; 1: name and realm', async (t) => {
  const clear = [set('calculate_ha1', 1), set('password_column', 'password')];
  const domain = [...clear, set('use_domain', 1)];
  const tries = [['alice', 'elsewhere']] as const;
  assert.deepEqual(await statuses(t, clear, tries, { realm: 'other.example' }), [482], 'the first row');
  assert.deepEqual(await statuses(t, domain, tries, { realm: 'other.example' }), [200]);
  assert.deepEqual(await statuses(t, domain, tries, { realm: 'third.example' }), [481]);
});

parameter('load_credentials', 'columns become AVPs, of their own name or of the one given', async (t) => {
  const relayed = async (table: string, ...parameters: string[]) => {
    const scene = await open(t, {
      parameters: parameters.join('\n'),
      body: `if (!www_authorize("", "${table}")) { www_challenge("", "1"); exit; };
        append_rpid_hf(); append_hf("X-Office: $avp(s:office) $avp(i:13)\\r\\n"); t_relay();`,
    });
    const challenge = await scene.ask('REGISTER');
    const message = await scene.relayed([answerTo(challenge, 'MESSAGE', { user: 'alice', password: 'hashed' })]);
    return [header(message, 'Remote-Party-ID')?.replace(/;.*/, ''), header(message, 'X-Office')];
  };
  assert.deepEqual(await relayed('subscriber'), [RPID, '<null> <null>'], 'rpid, by default');
  assert.deepEqual(await relayed('subscriber', set('load_credentials', 'office')), [undefined, '4.12 <null>']);
  assert.deepEqual(await relayed('subscriber', set('load_credentials', '$avp(i:13)=office;rpid')), [
    RPID,
    '<null> 4.12',
  ]);
  assert.deepEqual(await relayed('bare'), [undefined, '<null> <null>'], 'a table without rpid, as Kamailio has it');
});

test('load_credentials names a column that the table lacks: refused at the start', async (t) => {
  const parameters = set('load_credentials', 'shoe_size');
  await assert.rejects(open(t, { parameters, body: 'www_authorize("", "subscriber");' }), { code: 'SER_TABLE_LAYOUT' });
});

for (const [name, challenge] of [
  ['www_authorize', 'www_challenge'],
  ['proxy_authorize', 'proxy_challenge'],
] as const) {
  test(`${name}: each result is reached by a message`, async (t) => {
    const scene = await open(t, {
      body: `if (method=="OPTIONS") { ${challenge}("", "1"); exit; };
        if (method=="INFO") { sl_send_reply("200", "Answered before"); };
        ${name}("", "subscriber");
        if (method=="INFO") { xlog("L_WARN", "result $retcode"); exit; };
        ${TELL_RESULT}`,
    });
    const line = await scene.ask('OPTIONS');
    const result = async (user: string, password: string, change = (text: string) => text) =>
      statusOf(await scene.ask('MESSAGE', [change(answerTo(line, 'MESSAGE', { user, password }))]));
    assert.equal(await result('alice', 'hashed'), 200);
    assert.equal(await result('nobody', 'hashed'), 481);
    assert.equal(await result('alice', 'wrong'), 482);
    assert.equal(await result('alice', 'hashed', (text) => text.replace(/nonce="./, 'nonce="f')), 483);
    assert.equal(await result('alice', 'hashed', (text) => text.replace('realm="', 'realm="x')), 484);
    assert.equal(await result('alice', 'hashed', (text) => text.replace('response=', 'respond=')), 400, 'malformed: 0');
    const malformed = answerTo(line, 'INFO').replace('response=', 'respond=');
    assert.equal(statusOf(await scene.ask('INFO', [malformed])), 200);
    assert.match(scene.lab.complaints.join(), /result -5/, 'malformed, and answered before');
    scene.lab.advance(302_000);
    assert.equal(await result('alice', 'hashed'), 483, 'expired');
  });

  test(`where ${name} may stand is checked when the file is read`, () => {
    const { routes } = authDb.functions.find((spec) => spec.name === name)!;
    assert.deepEqual(routes, ['request']);
    assertPlaces(`${name}("", "subscriber");`, routes);
  });
}

test('every parameter and function that the module has was looked at', () => {
  assert.deepEqual([...tested].sort(), authDb.parameters.map(({ name }) => name).sort());
  assert.deepEqual(
    authDb.functions.map(({ name }) => name),
    ['www_authorize', 'proxy_authorize'],
  );
});
