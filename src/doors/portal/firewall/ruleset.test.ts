import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULTS } from '../config/model.ts';
import { parseRule } from '../config/rule.ts';
import type { GatewayAddresses } from './chains.ts';
import { type FirewallSettings, type Insides, otherRules, ruleset } from './ruleset.ts';

const GATEWAY = { ipv4: '10.77.0.1', ipv6: '2001:db8:77::1' };

function rules(...texts: string[]) {
  return texts.map((text) => {
    const parsed = parseRule(text);
    assert.ok('rule' in parsed, text);
    return parsed.rule;
  });
}

function settings(changes: Partial<FirewallSettings> = {}): FirewallSettings {
  return { ...DEFAULTS, interface: 'br-lan', ...changes };
}

function only(changes: Partial<FirewallSettings> = {}, gateway: GatewayAddresses = GATEWAY): Insides {
  return [{ settings: settings(changes), gateway }];
}

/** The statements of one chain or set. */
function block(text: string, name: string): string[] {
  const lines = new RegExp(`  (?:chain|set) ${name} \\{\\n([^}]*(?:\\{[^}]*\\}[^}]*)*?)\\n  \\}`).exec(text)?.[1] ?? '';
  return lines.split('\n').map((line) => line.trim());
}

const STRANGERS = ['meta l4proto tcp reject with tcp reset', 'reject with icmpx type port-unreachable'];

test('the table replaces the one before in one transaction, and holds who is in', () => {
  const mac = '02:00:5e:10:00:01';
  const text = ruleset(only({ blocked_macs: [mac] }), [
    {
      interface: 'br-lan',
      address: '10.77.0.10',
      also: ['2001:db8:77::a'],
      mac,
      leftMs: 1500.4,
      left: { sent: 0, received: 7000 },
      rate: { sent: 62_500, received: 1_000_000 },
    },
    {
      interface: 'br-lan',
      address: '2001:db8:77::10',
      also: [],
      mac,
      leftMs: undefined,
      left: { sent: 0, received: 0 },
      rate: { sent: 0, received: 0 },
    },
  ]);
  assert.match(
    text,
    /^add table inet gatehouse_portal\ndelete table inet gatehouse_portal\ntable inet gatehouse_portal \{\n/,
  );
  assert.equal(block(text, 'blocked').at(-1), `elements = { ${mac} }`);
  const pair = `${mac} timeout 1500ms`;
  assert.deepEqual(text.slice(text.indexOf('\n}\nadd')).match(/(?<=gatehouse_portal ).*/g), [
    'sent_10_77_0_10 { rate over 62500 bytes/second burst 131072 bytes ; }',
    'got_10_77_0_10 { over 7000 bytes }',
    'got_10_77_0_10 { rate over 1000000 bytes/second burst 131072 bytes ; }',
    'sent4 { 10.77.0.10 }',
    'got4 { 10.77.0.10 }',
    'rate_sent4 { 10.77.0.10 : "sent_10_77_0_10" }',
    'most_got4 { 10.77.0.10 : "got_10_77_0_10" }',
    'rate_got4 { 10.77.0.10 : "got_10_77_0_10" }',
    `in4 { "br-lan" . 10.77.0.10 . ${pair} }`,
    'to4 { "br-lan" . 10.77.0.10 timeout 1500ms }',
    'sent6 { 2001:db8:77::a }',
    'got6 { 2001:db8:77::a }',
    'rate_sent6 { 2001:db8:77::a : "sent_10_77_0_10" }',
    'most_got6 { 2001:db8:77::a : "got_10_77_0_10" }',
    'rate_got6 { 2001:db8:77::a : "got_10_77_0_10" }',
    `in6 { "br-lan" . 2001:db8:77::a . ${pair} }`,
    'to6 { "br-lan" . 2001:db8:77::a timeout 1500ms }',
    'sent6 { 2001:db8:77::10 }',
    'got6 { 2001:db8:77::10 }',
    `in6 { "br-lan" . 2001:db8:77::10 . ${mac} }`,
    'to6 { "br-lan" . 2001:db8:77::10 }',
  ]);
});

test('blocked comes first, then trusted, then those that are in; strangers are answered at once', () => {
  const text = ruleset(only(), []);
  assert.deepEqual(block(text, 'from_client'), [
    'ether saddr @blocked drop',
    'ct state invalid drop',
    'tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu',
    'ether saddr @trusted jump from_trusted',
    'iifname . ip saddr . ether saddr @in4 jump from_member',
    'iifname . ip6 saddr . ether saddr @in6 jump from_member',
    ...STRANGERS,
  ]);
  assert.deepEqual(block(text, 'to_client').slice(1), [
    'oifname . ip daddr @trusted4 accept',
    'oifname . ip6 daddr @trusted6 accept',
    'limit name ip daddr map @rate_got4 drop',
    'limit name ip6 daddr map @rate_got6 drop',
    'quota name ip daddr map @most_got4 drop',
    'quota name ip6 daddr map @most_got6 drop',
    'oifname . ip daddr @to4 ip daddr @got4 accept',
    'oifname . ip6 daddr @to6 ip6 daddr @got6 accept',
    'drop',
  ]);
  assert.deepEqual(block(text, 'intercept').slice(1), [
    'iifname != "br-lan" return',
    'ether saddr @trusted return',
    'iifname . ip saddr . ether saddr @in4 return',
    'iifname . ip6 saddr . ether saddr @in6 return',
    'tcp dport 80 dnat ip to 10.77.0.1:2050',
    'tcp dport 80 dnat ip6 to [2001:db8:77::1]:2050',
  ]);
});

test('the pages over TLS are reached like the others', () => {
  const https = { name: 'wifi.example.com', port: 2443, certificate: '/c', key: '/k' };
  const reached = (more: Partial<FirewallSettings>) =>
    ruleset(only(more), []).match(/(?<=10\.77\.0\.1 tcp dport ).*(?= accept)/)?.[0];
  assert.deepEqual([reached({}), reached({ https })], ['2050', '{ 2050, 2443 }']);
});

test('a walled garden is open there and back, and is not redirected', () => {
  const garden = rules(
    'allow tcp port 80:81 to 192.0.2.0/24',
    'allow udp ipset names',
    'block tcp port 25',
    'log icmp',
  );
  const text = ruleset(only({ rules: { ...DEFAULTS.rules, 'preauthenticated-users': garden } }), []);
  assert.deepEqual(block(text, 'from_client').slice(-6), [
    'ip daddr 192.0.2.0/24 tcp dport 80-81 accept',
    'ip daddr @ipset_names meta l4proto udp accept',
    'tcp dport 25 reject with icmpx type port-unreachable',
    'meta l4proto { icmp, icmpv6 } log prefix "gatehouse: "',
    ...STRANGERS,
  ]);
  assert.deepEqual(block(text, 'to_client').slice(-5), [
    'ct direction reply ip saddr 192.0.2.0/24 tcp sport 80-81 accept',
    'ct direction reply ip saddr @ipset_names meta l4proto udp accept',
    'ct direction reply tcp sport 25 drop',
    'ct direction reply meta l4proto { icmp, icmpv6 } log prefix "gatehouse: "',
    'drop',
  ]);
  assert.deepEqual(block(text, 'intercept').slice(5, 7), [
    'ip daddr 192.0.2.0/24 tcp dport 80-81 accept',
    'ip daddr @ipset_names meta l4proto udp accept',
  ]);
  assert.deepEqual(block(text, 'ipset_names'), ['type ipv4_addr', 'flags interval']);
});

test('mechanism allow, a range of addresses, the size of segments, and policies', () => {
  const text = ruleset(
    only(
      {
        mac_mechanism: 'allow',
        address_range: '10.77.0.0/16',
        mss: 1400,
        rules: { ...DEFAULTS.rules, 'authenticated-users': 'block', 'users-to-router': 'allow' },
      },
      { ipv4: '10.77.0.1', ipv6: undefined },
    ),
    [],
  );
  assert.deepEqual(block(text, 'from_client').slice(1, 5), [
    'ether saddr != @allowed drop',
    'ct state invalid drop',
    'ip saddr != 10.77.0.0/16 drop',
    'tcp flags & (syn | rst) == syn tcp option maxseg size set 1400',
  ]);
  assert.deepEqual(block(text, 'from_member').slice(-2), STRANGERS);
  assert.deepEqual(block(text, 'to_router'), ['accept', ...STRANGERS]);
  assert.doesNotMatch(text, /dnat ip6/);
  assert.doesNotMatch(ruleset(only({ mss: 'as it is' }), []), /maxseg/);
});

test('each interface has chains, rules and an address of its own; nobody is trusted where it says so', () => {
  const staff = { interface: 'br-staff', rules: { ...DEFAULTS.rules, 'authenticated-users': rules('allow tcp') } };
  const insides: Insides = [
    ...only({ trust: false }),
    { settings: settings(staff), gateway: { ipv4: '10.78.0.1', ipv6: undefined } },
  ];
  const text = ruleset(insides, []);
  assert.deepEqual(block(text, 'forward').slice(1), [
    'iifname "br-lan" jump from_client',
    'oifname "br-lan" jump to_client',
  ]);
  assert.deepEqual(block(text, 'forward_2').slice(1), [
    'iifname "br-staff" jump from_client_2',
    'oifname "br-staff" jump to_client_2',
  ]);
  assert.deepEqual(block(text, 'from_member_2').slice(-3), ['meta l4proto tcp accept', ...STRANGERS]);
  assert.equal(block(text, 'from_member').at(-3), 'accept');
  assert.equal(block(text, 'intercept_2').at(-1), 'tcp dport 80 dnat ip to 10.78.0.1:2050');
  assert.ok(block(text, 'input_2').includes('ip daddr 10.78.0.1 tcp dport 2050 accept'));
  for (const name of ['intercept', 'input', 'from_client', 'to_client'])
    assert.deepEqual(
      [name, `${name}_2`].map((one) => block(text, one).some((line) => line.includes('@trusted'))),
      [false, true],
    );
  const flushed = otherRules(insides).match(/(?<=flush chain inet gatehouse_portal )\w+/g);
  assert.deepEqual(flushed?.toSorted(), [...text.matchAll(/chain (\w+) \{/g)].map(([, name]) => name).toSorted());
});

test('what all together may is one limit for each way of an interface, after the rate of each and before volumes and counters', () => {
  const text = ruleset([...only({ total_upload_kbit: 800 }), ...only({ total_download_kbit: 80 })], []);
  assert.deepEqual(text.match(/ {2}limit \w+ \{\n.*\n {2}\}/g), [
    '  limit all_sent {\n    rate over 100000 bytes/second burst 131072 bytes ;\n  }',
    '  limit all_got_2 {\n    rate over 10000 bytes/second burst 131072 bytes ;\n  }',
  ]);
  const member = block(text, 'from_member');
  assert.equal(
    member.indexOf('limit name all_sent drop'),
    member.indexOf('limit name ip6 saddr map @rate_sent6 drop') + 1,
  );
  assert.equal(block(text, 'from_trusted')[2], 'limit name all_sent drop');
  assert.deepEqual(block(text, 'to_client_2').slice(1, 5), [
    'oifname . ip daddr @trusted4 limit name all_got_2 drop',
    'oifname . ip6 daddr @trusted6 limit name all_got_2 drop',
    'oifname . ip daddr @trusted4 accept',
    'oifname . ip6 daddr @trusted6 accept',
  ]);
  assert.deepEqual(block(text, 'to_client_2').slice(7, 9), [
    'oifname . ip daddr @to4 limit name all_got_2 drop',
    'oifname . ip6 daddr @to6 limit name all_got_2 drop',
  ]);
  assert.doesNotMatch(text, /name all_got drop|all_sent_2/);
  assert.match(otherRules(only()), /flush chain.*delete limit inet gatehouse_portal all_sent\n.*table inet/s);
});
