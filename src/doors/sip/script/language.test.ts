import assert from 'node:assert/strict';
import { test } from 'node:test';
import { names, play, REQUEST, t } from './test-play.ts';

/** What the value is when it is printed by pv_printf, so that NULL and types show. */
function resultOf(expression: string, before = '', request?: string): string | number {
  const out = play(`route { ${before} $var(result) = ${expression}; }`, request === undefined ? {} : { request });
  return out.run.last === 1 ? out.run.vars!.at(-1)! : '<null>';
}

const yesOrNo = (condition: string, before = '', request?: string) =>
  names(
    play(
      `route { ${before} if (${condition}) ${t('yes')}; else ${t('no')}; }`,
      request === undefined ? {} : { request },
    ),
  )
    .split(' ')
    .at(-1);

const FULL = [
  'INVITE sip:bob:pw@me.example:5070;transport=tcp?Subject=x SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1',
  'From: "Alice" <sip:alice@else.example;user=phone>;tag=f1',
  'To: <sip:bob@me.example>;tag=t1',
  'Call-ID: call@7',
  'CSeq: 17 INVITE',
  'Contact: <sip:alice@192.0.2.7>',
  'Content-Type: text/plain',
  'User-Agent: Phone 1',
  'X-Tier: gold',
  'X-Tier: silver',
  'Refer-To: <sip:carol@else.example>',
  'P-Asserted-Identity: "Al" <sip:4711@trunk.example>',
  'P-Preferred-Identity: "Al" <sip:4712@trunk.example>',
  'Remote-Party-ID: <sip:4713@trunk.example>;party=calling',
  'Diversion: <sip:4714@trunk.example>;reason=busy',
  'Authorization: Digest username="a@dom", realm="r1", nonce="n", uri="sip:x", response="1"',
  'Proxy-Authorization: Digest username="b@dom", realm="r2", nonce="n", uri="sip:y", response="2"',
  'Content-Length: 2',
  '',
  'hi',
].join('\r\n');

test('variables of the message', () => {
  const expected: Record<string, string | number> = {
    $ru: 'sip:bob:pw@me.example:5070;transport=tcp?Subject=x',
    '$ruri.user': 'bob',
    $rU: 'bob',
    $rd: 'me.example',
    $rp: 5070,
    $rP: 'tcp',
    $oU: 'bob',
    $fu: 'sip:alice@else.example;user=phone',
    '$from.user': 'alice',
    $fd: 'else.example',
    $ft: 'f1',
    $fn: '"Alice"',
    $tu: 'sip:bob@me.example',
    $tU: 'bob',
    $td: 'me.example',
    $tt: 't1',
    $tn: '<null>',
    $ci: 'call@7',
    $cs: 17,
    $ct: '<sip:alice@192.0.2.7>',
    $cT: 'text/plain',
    $cl: 2,
    $ua: 'Phone 1',
    $rt: 'sip:carol@else.example',
    $ai: 'sip:4711@trunk.example',
    $pu: 'sip:4712@trunk.example',
    $pU: '4712',
    $pd: 'trunk.example',
    $pn: '"Al"',
    $re: 'sip:4713@trunk.example',
    $di: 'sip:4714@trunk.example',
    $si: '192.0.2.7',
    $sp: 5060,
    $Ri: '127.0.0.1',
    $Rp: 5060,
    $pr: 'udp',
    $rm: 'INVITE',
    $rs: '<null>',
    $rr: '<null>',
    $ml: FULL.length,
    $mb: FULL,
    $rb: 'hi',
    $mf: 0,
    $mF: '00000000',
    $du: '<null>',
    $dd: '<null>',
    $br: '<null>',
    $ds: '<sip:bob:pw@me.example:5070;transport=tcp?Subject=x>',
    $pp: process.pid,
    $Ts: 1197627072,
    '$hdr(x-tier)': 'gold',
    '$(hdr(X-Tier)[1])': 'silver',
    '$(hdr(X-Tier)[-1])': 'silver',
    '$(hdr(X-Tier)[*])': 'gold,silver',
    '$hdr(X-None)': '<null>',
    $au: 'b',
    $aU: 'b@dom',
    $ar: 'r2',
    $adu: 'sip:y',
    '$(ru)': 'sip:bob:pw@me.example:5070;transport=tcp?Subject=x',
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(resultOf(name, '', FULL), value, name);
  assert.match(String(resultOf('$Tf')), /^\w{3} Dec 14 \d\d:11:12 2007$/);
});

test('transformations', () => {
  const expected: Record<string, string | number> = {
    '$(fU{s.len})': 5,
    '$(hdr(X-None){s.len})': 0,
    '$(hdr(X-None){s.md5})': '<null>',
    '$(fU{s.md5})': '6384e2b2184bcbf58eccf10ca7a6563c',
    '$(fU{s.substr,1,2})': 'li',
    '$(fU{s.substr,2,0})': 'ice',
    '$(fU{s.substr,-2,0})': 'ce',
    '$(fU{s.substr,9,1})': '<null>',
    '$(var(n){s.int})': 12,
    '$(ua{s.select,1, })': '1',
    '$(fu{s.select,0,@})': 'sip:alice',
    '$(fu{s.select,-1,;})': 'user=phone',
    '$(fU{s.encode.hexa})': '616c696365',
    '$(fU{s.encode.hexa}{s.decode.hexa})': 'alice',
    '$(var(q){s.escape.common})': `it\\'s`,
    '$(var(q){s.escape.common}{s.unescape.common})': "it's",
    '$(var(s){s.escape.user})': 'a%20b',
    '$(var(s){s.escape.user}{s.unescape.user})': 'a b',
    '$(ru{uri.user})': 'bob',
    '$(ru{uri.passwd})': 'pw',
    '$(ru{uri.host})': 'me.example',
    '$(ru{uri.port})': '5070',
    '$(ru{uri.params})': 'transport=tcp',
    '$(ru{uri.transport})': 'tcp',
    '$(fu{uri.param,user})': 'phone',
    '$(fu{uri.uparam})': 'phone',
    '$(ru{uri.maddr})': '<null>',
    '$(var(p){param.value,b})': '2 2',
    '$(var(p){param.name,0})': 'a',
    '$(var(p){param.valueat,0})': '1',
  };
  const before = `$var(n) = "12x"; $var(q) = "it's"; $var(s) = "a b"; $var(p) = "a=1;b=\\"2 2\\"";`;
  for (const [text, value] of Object.entries(expected)) assert.equal(resultOf(text, before, FULL), value, text);
});

test('arithmetic: whole numbers of 32 bits, texts joined, what cannot be is NULL', () => {
  const expected: Record<string, string | number> = {
    '1 + 2 * 3': 7,
    '(1 + 2) * 3': 9,
    '7 / 2': 3,
    '-7 / 2': -3,
    '7 % 4 - 1': 2,
    '0x10 + 010': 24,
    '12 & 10': 8,
    '12 | 3': 15,
    '6 ^ 3': 5,
    '~0': -1,
    '2147483647 + 1': -2147483648,
    '"a" + "b" + "c"': 'abc',
    '$rU + "@" + $rp': 'bob@5060',
    '$rU * 2': '<null>',
    '$hdr(X) + "a"': '<null>',
    '4 / $var(zero)': '<null>',
    '-$rp': -5060,
  };
  for (const [text, value] of Object.entries(expected)) assert.equal(resultOf(text), value, text);
});

test('comparisons with variables: types, NULL, patterns', () => {
  const before = '$var(n) = 5; $var(s) = "Five"; $avp(s:re) = "^b.b$";';
  const yes = [
    '$var(n) == 5',
    '$var(n) > 4 && $var(n) <= 5',
    '$var(s) == "five"',
    '$var(s) != "six"',
    '$rU =~ "^B"',
    '$rU !~ "x"',
    '$rU =~ $avp(s:re)',
    '$sp == 5060',
    '$sp == "5060"',
    '$hdr(X) == NULL',
    '$rU != NULL',
    '$hdr(X) != "a"',
    '$ru == myself',
    '$rd == myself',
    'uri == $ru',
    'method == $rm',
    '[ $var(n) & 4 ]',
    '$var(n) & 1',
    '$var(n)',
    '$rU',
    '!$hdr(X)',
    '!$var(unset)',
    '$var(unset) == 0',
    '$var(n) + 1 == 6',
    '$avp(s:re) == "^B.B$"',
  ];
  for (const condition of yes) assert.equal(yesOrNo(condition, before), 'yes', condition);
  const no = ['$hdr(X) == "a"', '$hdr(X) =~ "."', '$hdr(X) !~ "."', '$var(n) == "5"', '!($var(n) == "5")', '$rU < "a"'];
  for (const condition of no) assert.equal(yesOrNo(condition, before), 'no', condition);
  const mixed = play(`route { $var(n) = 5; if ($var(n) == "5") ${t('a')}; }`);
  assert.match(mixed.logged[0]!, /^-1 ser\.cfg:2:\d+: .*counts as false/);
});

test('AVPs: the last one first, pushed, replaced, removed; names of all forms', () => {
  const expected: [string, string, string | number][] = [
    ['$avp(s:x) = 1; $avp(s:x) = 2;', '$avp(s:x)', 2],
    ['$avp(s:x) = 1; $avp(s:x) = 2;', '$(avp(s:x)[1])', 1],
    ['$avp(s:x) = 1; $avp(s:x) = 2;', '$(avp(s:x)[*])', '2,1'],
    ['$avp(s:x) = 1; $avp(s:x) := 2;', '$(avp(s:x)[*])', '2'],
    ['$avp(s:x) = 1; $avp(s:x) = 2; $avp(s:x) = NULL;', '$avp(s:x)', 1],
    ['$avp(s:x) = 1; $avp(s:x) = 2; $avp(s:x) := NULL;', '$avp(s:x)', '<null>'],
    ['$avp(i:13) = "a";', '$avp(i:13)', 'a'],
    ['$avp(s3:rpid) = "a";', '$avp(s:rpid)', 'a'],
    ['$avp(mail) = "a";', '$avp(s:email)', 'a'],
    ['$avp(plain) = "a";', '$avp(s:plain)', 'a'],
    ['$var(name) = "dyn"; $avp($var(name)) = 3;', '$avp(s:dyn)', 3],
    ['$avp(s:x) = 1; $avp(s:x) += 4;', '$avp(s:x)', 5],
  ];
  for (const [before, read, value] of expected) {
    const out = play(`avp_aliases="mail=s:email"\nroute { ${before} pv_printf("$var(result)", "${read}"); }`);
    assert.equal(out.run.vars!.at(-1), value === 1 || typeof value === 'number' ? String(value) : value, before);
  }
});

test('assignments to the request and its flags', () => {
  const { run } =
    play(`route { $rU = "carol"; $rd = "h.example"; $rp = 5080; $rP = "TCP"; $du = "sip:192.0.2.1"; $br = "sip:d@e";
    $mf = 5; setflag(3); setbflag(1); setsflag(2); $var(x) = 1; $var(x) += 2; $var(x) *= 3; $var(x) -= 1; $var(x) |= 1; $var(x) ^= 3; }`);
  assert.equal(run.uri, 'sip:carol@h.example:5080;transport=tcp');
  assert.equal(run.destination, 'sip:192.0.2.1');
  assert.equal(run.branches?.[0]?.uri, 'sip:d@e');
  assert.deepEqual([run.flags, run.branchFlags, run.scriptFlags, run.vars], [13, 2, 4, [10]]);
  assert.equal(play('route { $ru = "sip:x@y"; $rU = NULL; $du = "sip:a"; $du = NULL; }').run.uri, 'sip:y');
});

test('nothing from outside can break out of a URI or a line', () => {
  const request = REQUEST.replace('Content-Length', 'X-Evil: a b<c>\r\nContent-Length');
  const { run } = play('route { $rU = $hdr(X-Evil); $ru = $hdr(X-Evil); $du = $hdr(X-Evil); $br = $hdr(X-Evil); }', {
    request,
  });
  assert.deepEqual(
    [run.uri, run.destination, run.branches, run.last],
    ['sip:bob@me.example', undefined, undefined, -1],
  );
});

test('while turns until its condition is false, break leaves it, and too many turns are cut off', () => {
  const turns = play(`route { while ($var(i) < 3) { $var(i) += 1; ${t('turn')}; } ${t('z')}; }`);
  assert.equal(names(turns), 'turn turn turn z');
  const left = play(`route { while (1) { ${t('turn')}; if ($var(i) == 1) { break; } $var(i) += 1; } ${t('z')}; }`);
  assert.equal(names(left), 'turn turn z');
  const nested = play(
    `route { while ($var(i) < 2) { $var(j) = 0; while ($var(j) < 2) { $var(j) += 1; ${t('x')}; } $var(i) += 1; } }`,
  );
  assert.equal(names(nested), 'x x x x');
  const endless = play(`max_while_loops=5\nroute {\n  while (1) { ${t('x')}; }\n  ${t('z')}; }`);
  assert.equal(names(endless), 'x x x x x z');
  assert.deepEqual(endless.logged, ['-1 ser.cfg:4:3: the loop took more than 5 turns and was left (max_while_loops)']);
  assert.equal(names(play(`route { while (1) { ${t('x')}; route(1); } } route[1] { exit; }`)), 'x');
  assert.equal(names(play(`route { while (${t('x', 0)}) ; ${t('never')}; }`)), 'x');
});

test('switch: a default in front counts when no case fits, and runs on', () => {
  const text = (value: number) =>
    names(
      play(`route { $var(x) = ${value}; switch ($var(x)) { default: ${t('default')}; case 1: ${t('one')}; break; } }`),
    );
  assert.equal(text(1), 'one');
  assert.equal(text(2), 'default one');
});

test('switch: numbers, texts, several cases, running on, default, break within', () => {
  const play1 = (subject: string, before = '') =>
    names(
      play(`route { ${before} switch (${subject}) { case 1: ${t('one')}; break; case -1: case -3: ${t('minus')}; break;
        case "a": ${t('text')}; case 2: ${t('two')}; if (1) { break; } ${t('never')}; default: ${t('default')}; } ${t('z')}; }`),
    );
  assert.equal(play1('$var(x)', '$var(x) = 1;'), 'one z');
  assert.equal(play1('$var(x)', '$var(x) = -3;'), 'minus z');
  assert.equal(play1('$var(x)', '$var(x) = "A";'), 'text two z');
  assert.equal(play1('$var(x)', '$var(x) = "2";'), 'default z');
  assert.equal(play1('$hdr(X)'), 'default z');
  assert.equal(play1('$retcode', `${t('f', -1)};`), 'f minus z');
  assert.equal(play1('retcode', `if (!${t('f', -3)}) ;`), 'f minus z');
});

test('waiting anywhere in loops and switches changes nothing', () => {
  const script = `route { while ($var(i) < 3) { $var(i) += 1; switch ($var(i)) { case 1: ${t('a')}; case 2: if (!${t('b', -1)}) ${t('c')};
    break; default: route(1); } ${t('d')}; } } route[1] { ${t('e', -4)}; if ($rc == -4) ${t('f')}; return(3); }`;
  const straight = play(script);
  assert.equal(names(straight), 'a b c d b c d e f d');
  const waiting = play(script, { waits: () => true });
  assert.deepEqual(waiting.trace, straight.trace);
  assert.deepEqual([waiting.run.last, waiting.run.vars], [straight.run.last, straight.run.vars]);
});

test('texts in arguments are made for each message; $$ is a dollar sign', () => {
  const { run } = play('route { pv_printf("$var(a)", "<$ru> $$5 to $rd. $(hdr(X)) $var(b)!"); }');
  assert.equal(run.vars![0], '<sip:bob@me.example> $5 to me.example. <null> 0!');
});

test('texts cannot grow without bound', () => {
  const out = play(
    'max_while_loops=1000\nroute { $var(a) = "12345678"; while ($var(i) < 40) { $var(a) = $var(a) + $var(a); $var(i) += 1; } }',
  );
  assert.ok(String(out.run.vars![0]).length <= 65_535);
});

test('return gives its number, negative or not, with brackets or without', () => {
  for (const [word, way] of [
    ['return -1', 'no'],
    ['return(-1)', 'no'],
    ['return 2', 'yes'],
    ['return', 'yes'],
    ['return()', 'yes'],
  ]) {
    const out = play(`route { if (route(1)) ${t('yes')}; else ${t('no')}; } route[1] { ${word}; }`);
    assert.equal(names(out), way, word);
  }
});
