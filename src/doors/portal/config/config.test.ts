import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { portalConfig } from '../config.ts';
import { dhcpLine, preparePortal } from '../prepare.ts';
import { networkOf } from './address.ts';
import { type PortalSettings, settingsOfEach } from './model.ts';
import { settingsIn } from './nodogsplash.ts';
import { parseRule } from './rule.ts';

const CONF = `# a comment
GatewayInterface br-lan
GATEWAYNAME The Anchor # no comment
  MaxClients 250
SessionTimeout 60
MSSValue 1400
TrustedMACList 02:00:5E:10:00:01, 02:00:5e:10:00:02
FirewallRuleSet users-to-router {
  FirewallRule allow udp port 53
  FirewallRule allow tcp port 8000:8010 to 192.0.2.7
}
EmptyRuleSetPolicy trusted-users passthrough
`;

test('a nodogsplash.conf gives the settings that it says', () => {
  const { settings, ruleSets, problems } = settingsIn(CONF, 'f');
  assert.deepEqual(problems, []);
  assert.deepEqual(settings, {
    interface: 'br-lan',
    name: 'The Anchor # no comment',
    max_clients: 250,
    session_seconds: 3600,
    mss: 1400,
    trusted_macs: ['02:00:5e:10:00:01', '02:00:5e:10:00:02'],
  });
  assert.deepEqual(ruleSets, {
    'users-to-router': [
      { action: 'allow', protocol: 'udp', ports: [53, 53], addressSet: undefined, to: undefined },
      { action: 'allow', protocol: 'tcp', ports: [8000, 8010], addressSet: undefined, to: '192.0.2.7' },
    ],
    'trusted-users': 'passthrough',
  });
});

test('the UCI form gives the same', () => {
  const uci = `# made by hand
config nodogsplash
  option enabled 1
  option gatewayinterface 'br-lan'
  option gatewayname "The Anchor # no comment"
  option maxclients '250'
  option sessiontimeout 60
  option mssvalue '1400'
  list trustedmac '02:00:5E:10:00:01'
  list trustedmac '02:00:5e:10:00:02'
  list users_to_router 'allow udp port 53'
  list users_to_router 'allow tcp port 8000:8010 to 192.0.2.7'
  option policy_trusted_users 'passthrough'
`;
  const read = settingsIn(uci, 'f');
  const conf = settingsIn(CONF, 'f');
  assert.deepEqual(
    read.problems.map(({ code }) => code),
    ['PORTAL_IGNORED'],
  );
  assert.deepEqual([read.settings, read.ruleSets], [conf.settings, conf.ruleSets]);
});

test('everything that is wrong is told at once, with its place and what would be right', () => {
  const text = `GatewayInterfase br-lan
  MaxClients lots
DebugLevel 3
FASPort 80800
RedirectURL javascript:alert(1)
FirewallRule allow all
FirewallRuleSet users-to-ruter {
}
EmptyRuleSetPolicy trusted-users maybe
FirewallRuleSet users-to-router {
  FirewallRule allow icmp port 5
  FirewallRule permit all
  MaxClients 5
`;
  const lines = settingsIn(text, 'f').problems.map((one) => `${one.line}:${one.column} ${one.code}`);
  assert.deepEqual(lines.toSorted(), [
    '10:1 PORTAL_SYNTAX',
    '11:27 PORTAL_RULE',
    '12:16 PORTAL_RULE',
    '13:3 PORTAL_SYNTAX',
    '1:1 PORTAL_OPTION',
    '2:14 PORTAL_VALUE',
    '3:1 PORTAL_IGNORED',
    '4:9 PORTAL_VALUE',
    '5:13 PORTAL_VALUE',
    '6:1 PORTAL_SYNTAX',
    '7:1 PORTAL_SYNTAX',
    '9:1 PORTAL_VALUE',
  ]);
  const [misprint] = settingsIn(text, 'f').problems.filter(({ code }) => code === 'PORTAL_OPTION');
  assert.equal(misprint?.cure, 'did you mean `gatewayinterface`?');
});

test('each section of the UCI form is an interface, with what it says itself; what is for all, the first one says', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-uci-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'nodogsplash');
  writeFileSync(
    file,
    `config nodogsplash
  option gatewayinterface 'br-guest'
  option sessiontimeout 60
  option maxclients 250
  list trustedmac '02:00:5e:10:00:01'
  list users_to_router 'allow udp port 53'

config dnsmasq
  option gatewayinterface nowhere

config nodogsplash 'staff'
  option gatewayinterface 'br-staff'
  option gatewayname 'Staff'
  option maxclients 20

config nodogsplash 'off'
  option enabled 0
  option gatewayinterface 'br-off'
`,
  );
  const prepared = (yaml: object = {}) => preparePortal(portalConfig.parse({ config: file, ...yaml }));
  const { settings, problems } = prepared();
  assert.deepEqual(
    problems.map(({ line, code, message }) => `${line} ${code} ${message.slice(0, 30)}`),
    ['14 PORTAL_IGNORED `maxclients 20` has no effect:', '0 PORTAL_RULES_OPEN users-to-router of br-staff bl'],
  );
  const seen = (of: PortalSettings) =>
    settingsOfEach(of).map(({ interface: card, name, session_seconds, trust, max_clients, rules }) => [
      ...[card, name, session_seconds, trust, max_clients, typeof rules['users-to-router']],
    ]);
  assert.deepEqual(seen(settings!), [
    ['br-guest', 'NoDogSplash', 3_600, true, 250, 'object'],
    ['br-staff', 'Staff', 0, false, 250, 'string'],
  ]);
  const over = prepared({ session_seconds: 7, rules: { 'users-to-router': 'allow' } }).settings!;
  assert.deepEqual(seen(over), [
    ['br-guest', 'NoDogSplash', 7, true, 250, 'string'],
    ['br-staff', 'Staff', 7, false, 250, 'string'],
  ]);
  const instead = prepared({ interfaces: [{ interface: 'lan' }] }).settings!;
  assert.deepEqual(seen(instead), [['lan', 'NoDogSplash', 3_600, true, 250, 'object']]);
});

test('limits of all clients together count with TrafficControl only', () => {
  const limits = 'GatewayInterface br-lan\nDownloadLimit 2000\nUploadLimit 500\n';
  const totalsOf = (text: string) => {
    const { settings, problems } = settingsIn(text, 'f');
    const warned = problems.map(({ line, code }) => `${line} ${code}`);
    return [settings.total_download_kbit, settings.total_upload_kbit, ...warned];
  };
  assert.deepEqual(totalsOf(`${limits}TrafficControl yes\n`), [2_000, 500]);
  assert.deepEqual(totalsOf(limits), [undefined, undefined, '2 PORTAL_IGNORED', '3 PORTAL_IGNORED']);
  assert.deepEqual(totalsOf('TrafficControl perhaps\n'), [undefined, undefined, '1 PORTAL_VALUE']);
});

for (const [text, expected] of [
  ['allow', { action: 'allow', protocol: 'all' }],
  ['ULOG all to 10.1.2.3/255.255.0.0', { action: 'log', protocol: 'all', to: '10.1.0.0/16' }],
  [
    'block tcp port 443 ipset walled_garden',
    { action: 'block', protocol: 'tcp', ports: [443, 443], addressSet: 'walled_garden' },
  ],
  ['drop udp to 2001:DB8::/32', { action: 'drop', protocol: 'udp', to: '2001:db8::/32' }],
] as const) {
  test(`rule: ${text}`, () => {
    const none = { ports: undefined, addressSet: undefined, to: undefined };
    assert.deepEqual(parseRule(text), { rule: { ...none, ...expected } });
  });
}

for (const [text, at, word] of [
  ['', 0, 'begins'],
  ['allow tcp port 0', 15, 'number'],
  ['allow tcp port 9:8', 15, 'number'],
  ['allow tcp port', 14, 'number'],
  ['allow port 5', 6, 'tcp or udp'],
  ['allow to 10.0.0.1/255.0.255.0', 9, 'address'],
  ['allow to fe80::1%eth0', 9, 'address'],
  ['allow tcp ipset a;b', 16, 'ipset'],
  ['allow tcp from 10.0.0.1', 10, 'no part'],
  ['allow to 10.0.0.1 to 10.0.0.2', 18, 'twice'],
] as const) {
  test(`no rule: ${text}`, () => {
    const parsed = parseRule(text);
    assert.ok('fault' in parsed);
    assert.equal(parsed.fault.at, at);
    assert.match(parsed.fault.message, new RegExp(word));
  });
}

const GOOD_FAS =
  'GatewayInterface br-lan\nFASPort 8080\nFASRemoteIP 192.0.2.9\nFASRemoteFQDN login.example.com\nFASPath /in?a=b\n';

test('a FAS: its options, the rules that let strangers reach it, and keys that everybody knows', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-conf-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const prepared = (more: string, yaml: object = {}) => {
    const config = join(folder, 'nodogsplash.conf');
    writeFileSync(config, `${GOOD_FAS}${more}`);
    return preparePortal(portalConfig.parse({ config, ...yaml }));
  };
  const codes = (more: string, yaml?: object) =>
    prepared(more, yaml).problems.map(({ code, severity }) => `${severity} ${code}`);
  const dns = { rules: { 'users-to-router': ['allow udp port 53'] } };

  const { settings, problems } = prepared('FASKey s3cret-of-ours\nfas_secure_enabled 2\n', dns);
  assert.deepEqual(problems, []);
  const { fas_port, fas_address, fas_name, fas_path, fas_level, fas_key } = settings!;
  assert.deepEqual(
    [fas_port, fas_address, fas_name, fas_path, fas_level, fas_key],
    [8080, '192.0.2.9', 'login.example.com', '/in?a=b', 2, 's3cret-of-ours'],
  );
  const rule = { action: 'allow', protocol: 'tcp', ports: [8080, 8080], addressSet: undefined, to: '192.0.2.9' };
  assert.deepEqual(settings!.rules['preauthenticated-users'], [rule]);
  assert.equal(settings!.rules['authenticated-users'], 'passthrough');
  const local = prepared('', { ...dns, fas_address: undefined, config: undefined, interface: 'lan', fas_port: 81 });
  assert.deepEqual(local.settings?.rules['users-to-router'], [
    { ...rule, ports: [81, 81], to: undefined },
    { ...rule, protocol: 'udp', ports: [53, 53], to: undefined },
  ]);

  assert.deepEqual(codes('fas_secure_enabled 2\n', dns), ['error PORTAL_FAS']);
  assert.deepEqual(codes('fas_secure_enabled 0\n', dns), ['warning PORTAL_FAS']);
  const third = 'fas_secure_enabled 3\n';
  assert.deepEqual(codes(third, dns), ['error PORTAL_FAS']);
  const authority = join(import.meta.dirname, '..', '..', '..', '..', 'test', 'fixtures', 'tls', 'authority.pem');
  assert.deepEqual(codes(`${third}FASKey s3cret-of-ours\n`, { ...dns, fas_ca: authority }), []);
  for (const fas_ca of ['/no/such/file', import.meta.filename])
    assert.deepEqual(codes(`${third}FASKey s3cret-of-ours\n`, { ...dns, fas_ca }), ['error PORTAL_FAS'], fas_ca);
  assert.deepEqual(codes(`${third}FASKey s3cret-of-ours\n`, { ...dns, login: 'password' }), ['warning PORTAL_FAS']);
  for (const bad of [
    'FASKey 1234567890',
    'FASKey short',
    `FASKey ${'x'.repeat(33)}`,
    'fas_secure_enabled 4',
    'FASPath x',
  ])
    assert.deepEqual(codes(`${bad}\n`, dns), ['error PORTAL_VALUE'], bad);
  const [told] = prepared('FASKey short\n', dns).problems;
  assert.doesNotMatch(JSON.stringify(told), /short/, 'a key is not shown');
  assert.deepEqual(codes('PreAuth /usr/bin/env\n', dns), ['warning PORTAL_FAS']);
  assert.deepEqual(codes('login_option_enabled 1\nPreAuth /no/such\n', dns), [
    'error PORTAL_PROGRAM',
    'warning PORTAL_FAS',
  ]);
  assert.equal(prepared('login_option_enabled 0\n', dns).settings?.preauth, undefined);
});

test('networks come in one form', () => {
  const given = ['0.0.0.0/0', '192.0.2.130/25', '10.0.0.1/32', '10.0.0.1/33', '10.0.0', 'example.com', '::1/129'];
  const none = undefined;
  assert.deepEqual(given.map(networkOf), ['0.0.0.0/0', '192.0.2.128/25', '10.0.0.1', none, none, none, none]);
});

test('gatehouse.yaml gives the same model; what is missing or contradicts itself is an error', () => {
  const prepared = (values: unknown) => preparePortal(portalConfig.parse(values));
  const good = prepared({
    interface: 'br-lan',
    rules: { 'users-to-router': ['allow udp port 53'], 'trusted-users': 'block' },
  });
  assert.deepEqual(good.problems, []);
  assert.equal(good.settings?.rules['trusted-users'], 'block');
  assert.equal(good.settings?.port, 2050);
  assert.equal(
    dhcpLine({ ...good.settings!, address: '192.0.2.1' }),
    'dhcp-option-force=114,http://192.0.2.1:2050/captive-portal',
  );
  const codes = (values: unknown) => prepared(values).problems.map(({ code, severity }) => `${severity} ${code}`);
  assert.deepEqual(codes({}), ['error PORTAL_MISSING', 'warning PORTAL_RULES_OPEN']);
  assert.deepEqual(codes({ interface: 'a', idle_seconds: 60 }), ['error PORTAL_VALUE', 'warning PORTAL_RULES_OPEN']);
  const open = { 'users-to-router': 'allow' };
  assert.deepEqual(codes({ interface: 'a', rules: open, binauth: '/no/such/program' }), ['error PORTAL_PROGRAM']);
  assert.deepEqual(codes({ interface: 'a', rules: open, binauth: '/etc/passwd' }), ['error PORTAL_PROGRAM']);
  assert.deepEqual(codes({ interface: 'a', rules: open, web_root: '/no/such' }), ['warning PORTAL_PAGES']);
  assert.deepEqual(codes({ interface: 'a', rules: open, web_root: '/etc' }), [], 'ours');
  assert.deepEqual(codes({ interface: 'a', rules: open, web_root: '/etc/passwd' }), ['error PORTAL_PAGES']);
  assert.deepEqual(codes({ config: '/no/such/file' }), ['error PORTAL_UNREADABLE', 'warning PORTAL_RULES_OPEN']);
  const several = [
    { interface: 'a', rules: open, name: 'Guests', trust: false },
    { interface: 'b', address: '192.0.2.1' },
  ];
  assert.deepEqual(codes({ interfaces: several }), ['warning PORTAL_RULES_OPEN']);
  assert.deepEqual(codes({ interface: 'a', interfaces: several, rules: open }), ['error PORTAL_VALUE']);
  assert.deepEqual(codes({ interfaces: [...several, { interface: 'a' }], rules: open }), ['error PORTAL_VALUE']);
  const each = settingsOfEach(prepared({ interfaces: several, name: 'House', fas_port: 8000 }).settings!);
  assert.deepEqual(
    each.map((one) => [one.interface, one.name, one.address, one.trust, one.rules['users-to-router'].length]),
    [
      ['a', 'Guests', undefined, false, 'allow'.length],
      ['b', 'House', '192.0.2.1', true, 1],
    ],
    'what is not its own is that of all, and the FAS is open on each',
  );
  assert.ok(!portalConfig.safeParse({ interface: 'br"; flush' }).success);
  assert.ok(!portalConfig.safeParse({ interface: 'a', rules: { 'trusted-users': ['allow udp prot 1'] } }).success);
});
