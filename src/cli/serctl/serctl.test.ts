import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatehouseError } from '../../platform/errors.ts';
import { lab } from '../lab.ts';

test('users: the words of the original', async () => {
  const { serctl, administration } = lab();
  assert.deepEqual(await serctl('add', '1000', 'password1', 'user1@nowhere.com'), {
    code: 0,
    out: 'new user added\nnew user into uri table added\n',
    err: '',
  });
  assert.equal(administration.users.get('1000')?.email, 'user1@nowhere.com');
  assert.deepEqual(await serctl('add', '1000', 'x', 'y'), { code: 1, out: '', err: 'user already exists\n' });
  assert.equal((await serctl('passwd', '1000', 'new')).out, 'password change succeeded\n');
  assert.equal(administration.users.get('1000')?.password, 'new');
  assert.equal((await serctl('rm', '1000')).code, 0);
  assert.deepEqual(await serctl('rm', '1000'), { code: 1, out: '', err: 'non-existent user\n' });
});

test('the default domain is SIP_DOMAIN, else the server’s', async () => {
  const named = lab({ environment: { SIP_DOMAIN: 'sip.example' }, defaultDomain: 'other.example' });
  await named.serctl('add', '1000', 'a', 'b');
  await named.serctl('add', '1001@third.example', 'a', 'b');
  assert.deepEqual([...named.administration.users.keys()], ['1000@sip.example', '1001@third.example']);
  const unnamed = lab({ defaultDomain: 'other.example' });
  await unnamed.serctl('add', '1000', 'a', 'b');
  assert.deepEqual([...unnamed.administration.users.keys()], ['1000@other.example']);
});

test('contacts and aliases', async () => {
  const { serctl, administration } = lab();
  assert.deepEqual(await serctl('ul', 'show', '1000'), { code: 1, out: '404 No registered contacts found\n', err: '' });
  assert.equal((await serctl('ul', 'add', '1000', 'sip:1000@192.0.2.1')).out, '200 OK\n');
  assert.deepEqual(
    administration.bindings.map(({ table, expires, q }) => [table, expires, q]),
    [['location', null, 1]],
  );
  assert.equal((await serctl('ul', 'show', '1000')).out, '200 OK\n<sip:1000@192.0.2.1>;q=1.00;expires=0\n');
  assert.equal((await serctl('alias', 'add', 'desk', 'sip:1000@192.0.2.1')).code, 0);
  assert.equal((await serctl('alias', 'show')).out, 'desk\n  <sip:1000@192.0.2.1>;q=1.00;expires=0\n');
  assert.equal((await serctl('online')).out, '1000\n');
  assert.equal((await serctl('usrloc', 'show', '--brief')).out, '1000\n');
  assert.equal((await serctl('alias', 'show', '--brief')).out, 'desk\n');
  assert.equal((await serctl('ul', 'rm', '1000')).out, '200 OK\n');
  assert.equal((await serctl('ul', 'rm', '1000')).code, 1);
  assert.equal((await serctl('online')).out, '');
});

test('wrong use is explained', async () => {
  const { serctl } = lab();
  assert.deepEqual(await serctl('add', '1000'), {
    code: 1,
    out: '',
    err: 'usage: serctl add <user> <password> [<email>]\n',
  });
  assert.match((await serctl('ul', 'frob', 'x')).err, /^usage: serctl ul show/);
  assert.match((await serctl('constructor')).err, /there is no command/);
  assert.equal((await serctl('help')).code, 0);
});

test('the database password is asked for only when it is wanted and nobody gave it', async () => {
  const onOpen = ({ environment }: { environment: NodeJS.ProcessEnv }) => {
    if (environment.PW !== 'heslo') throw new GatehouseError('STORAGE_PASSWORD', 'the database wants a password');
  };
  const asked = await lab({ onOpen, terminal: true, input: ['heslo\r'] }).serctl('online');
  assert.deepEqual(asked, { code: 0, out: '', err: 'MySql password: \n' });
  assert.equal((await lab({ onOpen, environment: { PW: 'heslo' } }).serctl('online')).err, '');
  const wrong = await lab({ onOpen, terminal: true, environment: { PW: 'x' } }).serctl('online');
  assert.match(wrong.err, /STORAGE_PASSWORD/);
  assert.equal((await lab({ terminal: true }).serctl('online')).err, '');
});

test('management commands go to the running server, and their status is the exit status', async () => {
  const { serctl, administration, readings } = lab();
  administration.managedReply = { status: 200, reason: 'OK', lines: ['Up time: 5 [sec]'] };
  assert.deepEqual(await serctl('fifo', 'uptime'), { code: 0, out: '200 OK\nUp time: 5 [sec]\n', err: '' });
  await serctl('ps');
  await serctl('stats', 'tm:');
  await serctl('fifo', 'ul_show_contact', 'location', '1000');
  assert.deepEqual(administration.managed, [
    ['uptime'],
    ['ps'],
    ['get_statistics', 'tm:'],
    ['ul_show_contact', 'location', '1000'],
  ]);
  administration.managedReply = { status: 408, reason: 'Request Timeout', lines: [] };
  assert.deepEqual(await serctl('ping', 'sip:1000@192.0.2.7'), { code: 1, out: '408 Request Timeout\n', err: '' });
  assert.match(administration.managed.at(-1)!.join('|'), /^t_uac_dlg\|OPTIONS\|sip:1000@192\.0\.2\.7\|\.\|\.\|From: /);
  await serctl('cisco_restart', 'sip:1000@192.0.2.7');
  assert.match(administration.managed.at(-1)!.at(-1)!, /\r\nEvent: check-sync$/);
  assert.deepEqual(new Set(readings), new Set([true]), 'none of them makes a data directory');
});

/** Every command of SER 0.9's serctl and OpenSER 1.3's openserctl, by all its names. */
const ORIGINALS = {
  needArguments: [
    ...[
      'add',
      'passwd',
      'rm',
      'acl',
      'alias',
      'ul',
      'usrloc',
      'alias_db',
      'aliasdb',
      'avp',
      'domain',
      'trusted',
      'rpid',
    ],
    ...['ping', 'cisco_restart', 'fifo'],
  ],
  needNone: ['showdb', 'userdb', 'online', 'ps', 'stop', 'version'],
  repeat: ['moni', 'monitor', 'console', 'con'],
  explain: [
    ...['mail', 'email', 'start', 'restart', 'speeddial', 'speed_dial', 'db', 'lcr', 'cr', 'dispatcher', 'pa', 'tls'],
    'unixsock',
  ],
};

test('every command of the originals acts, or says in one line what does the same', async () => {
  const { serctl, asked } = lab();
  for (const name of ORIGINALS.explain) {
    const { code, out, err } = await serctl(name, 'show');
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, new RegExp(`^serctl: \`${name}\` is not there: .{20,}\n$`));
  }
  for (const name of ORIGINALS.needArguments) {
    const { code, out, err } = await serctl(name);
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /^usage: serctl .+\n$/, name);
  }
  assert.deepEqual(asked, [], 'nothing of that needs a server');
  for (const name of ORIGINALS.needNone) {
    const { code, err } = await serctl(name);
    assert.deepEqual([code, err], [0, ''], name);
  }
  for (const name of ORIGINALS.repeat) assert.match((await serctl(name, '1')).out, /^\[version\]/, name);
});

test('what the server keeps of the tables: listed and read anew', async () => {
  const { serctl, administration, readings } = lab();
  const told = [
    ['domain', 'reload'],
    ['trusted', 'reload'],
    ['trusted', 'dump'],
    ['address', 'reload'],
    ['address', 'dump'],
  ];
  for (const args of told) assert.deepEqual(await serctl(...args), { code: 0, out: '200 OK\n', err: '' });
  assert.deepEqual(
    administration.managed,
    told.map((args) => [args.join('_')]),
  );
  assert.deepEqual(new Set(readings), new Set([true]));
});

test('AVPs are selected by openserctl\u2019s options too', async () => {
  const { serctl, administration } = lab({ environment: { SIP_DOMAIN: 'a.example' } });
  await serctl('avp', 'add', '1000@a.example', 'lang', '0', 'en');
  await serctl('avp', 'add', '1000@a.example', 'fwd', '0', 'sip:desk@a.example');
  await serctl('avp', 'add', '4711', 'lang', '0', 'de');
  const values = async (...args: string[]) =>
    (await serctl('avp', 'list', ...args)).out.match(/(?<=\t)(?:en|de|sip:\S+)$/gm) ?? [];
  assert.deepEqual(await values(), ['en', 'sip:desk@a.example', 'de']);
  assert.deepEqual(await values('-u', '1000@a.example'), ['en', 'sip:desk@a.example']);
  assert.deepEqual(await values('-a', 'lang', '-t', '0'), ['en', 'de']);
  assert.deepEqual(await values('-u', '4711', '-v', 'en'), []);
  assert.deepEqual(await values('1000@a.example', 'lang'), ['en']);
  for (const wrong of [['-u'], ['-T', 'other'], ['-t', 'x'], ['-u', '4711', 'lang'], ['a', 'b', 'c'], ['-a', '']]) {
    const { code, err } = await serctl('avp', 'list', ...wrong);
    assert.deepEqual([code, err.slice(0, 17)], [1, 'usage: serctl avp'], String(wrong));
  }
  assert.match((await serctl('avp', 'rm')).err, /^usage: serctl avp/);
  assert.equal((await serctl('avp', 'rm', '-u', '1000@a.example', '-a', 'fwd')).out, 'avp removed\n');
  assert.deepEqual(
    administration.rows.map(({ row }) => row.value),
    ['en', 'de'],
  );
});

test('caller ids, and all users', async () => {
  const { serctl, administration } = lab({ environment: { SIP_DOMAIN: 'a.example' } });
  assert.deepEqual(await serctl('rpid', 'add', '1000', 'sip:+1@a.example'), {
    code: 1,
    out: '',
    err: 'non-existent user\n',
  });
  await serctl('add', '1000', 'x', 'one@b.example');
  assert.equal((await serctl('rpid', 'add', '1000', 'sip:+1@a.example')).out, '1000@a.example\tsip:+1@a.example\n');
  assert.equal(administration.users.get('1000@a.example')?.rpid, 'sip:+1@a.example');
  assert.equal((await serctl('rpid', 'show', '1000')).out, '1000@a.example\tsip:+1@a.example\n');
  assert.equal((await serctl('rpid', 'rm', '1000')).out, '1000@a.example\tNULL\n');
  assert.match((await serctl('rpid', 'add', '1000')).err, /^usage: serctl rpid/);
  await administration.addUser({ login: 'bare', password: 'x' });
  await serctl('ul', 'add', '1000', 'sip:1000@192.0.2.1');
  const one = '1000\ta.example\tone@b.example\n  <sip:1000@192.0.2.1>;q=1.00;expires=0\n';
  assert.deepEqual(await serctl('showdb', '1000'), { code: 0, out: one, err: '' });
  // As SER's script: contacts whose users are there, with the user's address.
  for (const user of ['bare', 'nobody']) await serctl('ul', 'add', `${user}@a.example`, `sip:${user}@192.0.2.1`);
  const [shown] = await administration.showBindings('location', '1000@a.example');
  assert.equal((await serctl('showdb')).out, `1000@a.example\tone@b.example\t${shown!.callId}\n`);
  assert.deepEqual(await serctl('showdb', '1001'), { code: 1, out: '', err: 'non-existent user\n' });
});

test('rows of modules: groups, aliases, AVPs, domains, trusted senders', async () => {
  const { serctl, administration, readings } = lab({ environment: { SIP_DOMAIN: 'a.example' } });
  assert.deepEqual(await serctl('acl', 'grant', '1000', 'ld'), { code: 1, out: '', err: 'non-existent user\n' });
  await serctl('add', '1000', 'x');
  const granted = 'username\tdomain\tgrp\n1000\ta.example\tld\n1000\ta.example\tint\n';
  assert.deepEqual(await serctl('acl', 'grant', '1000', 'ld', 'int'), { code: 0, out: granted, err: '' });
  assert.match((await serctl('acl', 'grant', '1000', 'ld')).err, /ROW_EXISTS/);
  readings.length = 0;
  assert.equal((await serctl('acl', 'show', '1000')).out, granted);
  assert.equal((await serctl('acl', 'show', '1001')).out, '');
  assert.deepEqual(readings, [true, true]);
  assert.equal((await serctl('acl', 'revoke', '1000', 'int')).out, 'username\tdomain\tgrp\n1000\ta.example\tld\n');
  assert.deepEqual(await serctl('acl', 'revoke', '1000', 'int'), { code: 1, out: '', err: '1000 is not in int\n' });
  assert.deepEqual(await serctl('acl', 'revoke', '1000'), { code: 0, out: '', err: '' });

  await serctl('alias_db', 'add', 'sip:desk@a.example', '1000');
  await serctl('avp', 'add', '1000@a.example', 'lang', '0', 'en');
  await serctl('domain', 'add', 'B.example');
  await serctl('trusted', 'add', '192.0.2.7', 'UDP', '^sip:.*@b\\.example$');
  await serctl('address', 'add', '1', '192.0.2.0', '24');
  assert.deepEqual(
    administration.rows.map(({ list, row }) => [list, ...Object.values(row)]),
    [
      ['alias_db', 'desk', 'a.example', '1000', 'a.example'],
      ['avp', '1000', 'a.example', 'lang', 0, 'en'],
      ['domain', 'b.example'],
      ['trusted', '192.0.2.7', 'udp', '^sip:.*@b\\.example$'],
      ['address', 1, '192.0.2.0', 24, 0],
    ],
  );
  assert.equal((await serctl('alias_db', 'list', '1000')).out.split('\n')[1], 'desk\ta.example\t1000\ta.example');
  assert.deepEqual(await serctl('domain', 'rm', 'b.example'), { code: 0, out: 'domain removed\n', err: '' });
  assert.deepEqual(await serctl('domain', 'rm', 'b.example'), { code: 1, out: '', err: 'no such domain\n' });
  assert.match((await serctl('avp', 'add', '1000@a.example', 'lang', '9', 'en')).err, /^usage: serctl avp/);
  assert.match((await serctl('acl', 'constructor')).err, /^usage: serctl acl/);
});

test('moni shows what the original shows', async () => {
  const { serctl, administration } = lab();
  const { out } = await serctl('moni', '1');
  assert.match(
    out,
    /^\[version\]\n\[uptime\]\n\[transactions\]\n\[stateless replies\]\n\[contacts\]\n\[health\]\nall is well\n/,
  );
  assert.deepEqual(
    administration.managed.map(([command]) => command),
    ['version', 'uptime', 't_stats', 'sl_stats', 'ul_stats'],
  );
});
