import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMessage } from '../message/parse.ts';
import { Run, type RunHost } from '../run.ts';
import { compileScript } from './compile.ts';
import type { DialectName } from './dialect.ts';
import { loadScript } from './load.ts';
import { runScript } from './machine.ts';
import { buildFakes, fakeHost, fakeModules, SECOND } from './test-fakes.ts';
import { names, play, point, REQUEST, t } from './test-play.ts';

test('SER: break leaves the current route only, and route() then gives 1', () => {
  const out = play(`route { ${t('a')}; if (route(1)) ${t('yes')}; else ${t('no')}; ${t('z')}; }
    route[1] { if (${t('b')}) { if (1) { break; } } ${t('never')}; }`);
  assert.equal(names(out), 'a b yes z');
});

test('SER: a function that gives 0 leaves the route, also in a condition and under !', () => {
  const out = play(`route { route(1); route(2); route(3); ${t('z')}; ${t('stop', 0)}; ${t('never')}; }
    route[1] { ${t('a', 0)}; ${t('never')}; }
    route[2] { if (!${t('b', 0)}) ${t('never')}; else ${t('never')}; ${t('never')}; }
    route[3] { if (${t('c', -1)} || ${t('d', 0)} || ${t('never')}) ${t('never')}; ${t('never')}; }`);
  assert.equal(names(out), 'a b c d z stop');
});

test('OpenSER: a 0, exit and drop end the whole script; return leaves the route', () => {
  const script = (inner: string) =>
    `route { if (route(1)) ${t('yes')}; else ${t('no')}; } route[1] { ${inner} ${t('end')}; }`;
  const openser = (inner: string) => names(play(script(inner), { dialect: 'openser' }));
  assert.equal(openser(`if (!${t('a', 0)}) ${t('b')};`), 'a');
  assert.equal(openser('exit;'), '');
  assert.equal(openser('drop;'), '');
  assert.equal(openser('break;'), '');
  assert.equal(openser('return;'), 'yes');
  assert.equal(openser('return(-1);'), 'no');
  assert.equal(openser('return(0);'), '');
});

test('the result of a route is that of its last action; a negative one does not stop the list', () => {
  const result = (body: string) =>
    names(play(`route { if (route(1)) ${t('yes')}; else ${t('no')}; } route[1] { ${body} }`))
      .split(' ')
      .at(-1);
  assert.equal(result(`${t('a')}; ${t('b', -1)};`), 'no');
  assert.equal(result(`${t('a', -1)}; ${t('b', 7)};`), 'yes');
  assert.equal(result(`${t('a', -1)}; if (${t('b', -1)}) ${t('c', -1)};`), 'yes');
  assert.equal(result(`if (${t('b')}) { ${t('c', -1)}; };`), 'no');
  assert.equal(result(`${t('a', -1)}; if (1) { ; }`), 'yes');
  assert.equal(result(''), 'yes');
  assert.equal(result(`${t('a', -1)}; break;`), 'yes');
});

test('precedence: SER binds and before or, OpenSER takes them from left to right', () => {
  const script = `route { if (${t('a')} || ${t('b')} && ${t('c', -1)}) ${t('yes')}; else ${t('no')}; }`;
  assert.equal(names(play(script)), 'a yes');
  assert.equal(names(play(script, { dialect: 'openser' })), 'a c no');
});

test('values and comparisons', () => {
  const truth = (condition: string, request?: string) =>
    names(play(`route { if (${condition}) ${t('yes')}; else ${t('no')}; }`, request === undefined ? {} : { request }));
  const yes = [
    'method=="invite"',
    'method==INVITE',
    'method!="INV"',
    'method=~"^inv|^ack"',
    'uri==myself',
    '!from_uri==myself',
    'to_uri=="SIP:BOB@me.example"',
  ];
  yes.push(
    'src_ip==192.0.2.7',
    'src_ip==192.0.2.0/24',
    'src_ip==192.0.2.0/255.255.255.0',
    'src_ip!=10.0.0.0/8',
    'dst_ip==myself',
    'src_ip!=myself',
  );
  yes.push(
    'src_port==5060',
    'af==INET',
    'proto==UDP',
    'msg:len>100',
    'msg:len<=max_len',
    'not (method=="ACK") and 1',
    'src_ip!=2001:db8::/32',
  );
  for (const condition of yes) assert.equal(truth(condition), 'yes', condition);
  for (const condition of ['method=="INV"', 'uri!=myself', 'src_ip==10.0.0.0/8', 'msg:len>max_len', '0'])
    assert.equal(truth(condition), 'no', condition);
});

test('a value that the message lacks makes the condition false, also under !, and is logged', () => {
  const request = REQUEST.replace(/From:.*\r\n/, '');
  const script = `route { if (!from_uri==myself || 1) ${t('yes')}; else ${t('no')}; }`;
  const out = play(script, { request });
  assert.equal(names(out), 'no');
  assert.match(out.logged[0]!, /^-1 ser\.cfg:2:22: .*counts as false/);
});

test('retcode is the result of the last function or route, not of a comparison', () => {
  const out =
    play(`route { route(1); if (retcode==-3) ${t('route')}; if (!${t('x', -2)}) { if (retcode==-2) ${t('function')}; }
    route(2); if (method=="ACK") ${t('never')}; if ($rc==7) ${t('seven')}; }
    route[1] { return(-3); } route[2] { ${t('a', 7)}; }`);
  assert.equal(names(out), 'route x function a seven');
});

test('core actions change the run', () => {
  const out =
    play(`route { log(1, "here"); setflag(3); if (isflagset(3)) ${t('set')}; resetflag(3); if (!isflagset(3)) ${t('reset')};
    force_rport(); rewritehostport("h.example:5070"); prefix("00"); strip(1); append_branch(); rewriteuser("carol"); setflag(31); }`);
  assert.equal(names(out), 'set reset');
  assert.deepEqual(
    [out.run.uri, out.run.branches?.[0]?.uri, out.run.forceRport, out.run.flags],
    ['sip:carol@h.example:5070', 'sip:0bob@h.example:5070', true, 1 << 31],
  );
  assert.deepEqual(out.logged, ['1 here']);
  assert.equal(play('route { rewriteuri("sip:x@y"); revert_uri(); }').run.uri, 'sip:bob@me.example');
});

test('force_send_socket names a socket of ours, with or without protocol and port', () => {
  for (const name of ['192.0.2.14', 'udp:192.0.2.14', 'udp:192.0.2.14:5060', '"udp:192.0.2.14:5060"'])
    assert.equal(play(`route { force_send_socket(${name}); }`).run.sendFrom, SECOND, name);
  const out = play(`route { if (!force_send_socket(tcp:192.0.2.14:5060)) ${t('none')}; }`);
  assert.deepEqual([names(out), out.run.sendFrom], ['none', undefined]);
});

test('what Via says, copies for others, and texts for the log', () => {
  const { run } = play(
    'route { set_advertised_address("[2001:db8::1]"); set_advertised_port("5070"); force_local_rport(); }',
  );
  assert.deepEqual([run.advertised, run.localRport], [{ host: '2001:db8::1', port: 5070 }, true]);
  const sent = play(
    `route { send(192.0.2.9); if (!send_tcp("[2001:db8::9]", 5070)) ${t('none')}; error("a", "b"); setdebug(); }`,
  );
  assert.deepEqual(sent.logged, ['udp 192.0.2.9 5060 INVITE', 'tcp 2001:db8::9 5070 INVITE', '-1 a: b']);
  assert.equal(names(sent), 'none');
  assert.equal(names(play(`route { if (!force_tcp_alias()) ${t('over UDP')}; }`)), 'over UDP');
});

test('routes that call each other without end are stopped, in depth and in number', () => {
  const deep = play(`route { route(1); ${t('z')}; } route[1] { if (1) route(1); }`);
  assert.equal(names(deep), 'z');
  assert.match(deep.logged[0]!, /more than 100 deep/);
  const wide = Array.from({ length: 30 }, (_, i) => `route[${i}] { route(${i + 1}); route(${i + 1}); }`).join('\n');
  const out = play(`${wide}\nroute[30] { ; }`);
  assert.match(out.logged[0]!, /100000 steps/);
  assert.deepEqual(out.replies, [500]);
});

test('a function that throws ends the script with a 500 and is logged with its place', () => {
  const out = play(`route { ${t('a')};\nf("b", "throw"); ${t('never')}; }`);
  assert.equal(names(out), 'a b');
  assert.deepEqual(out.replies, [500]);
  assert.match(out.logged[0]!, /ser\.cfg:3:1: .*broken/);
});

test('a run that was dropped stops at once', () => {
  const { script } = loadScript(`loadmodule "/m/trace.so" route { route(1); ${t('never')}; } route[1] { ${t('a')}; }`, {
    file: 'ser.cfg',
    modules: fakeModules,
  });
  let calls = 0;
  const built = buildFakes((_, __, run) => {
    calls++;
    run.dropped = true;
    return 0;
  });
  const program = compileScript(script!, built, fakeHost());
  const host: RunHost = { reply: () => true, suspended: () => {}, resumed: () => {} };
  const run = new Run(host, parseMessage(REQUEST)!, { point, address: '192.0.2.7', port: 5060, connection: undefined });
  assert.equal(runScript(program, run), true);
  assert.equal(calls, 1);
});

test('waiting at every call changes nothing: nested conditions, under !, else-if chains, routes in conditions', () => {
  for (const result of [1, 0, -1]) {
    const c = (name: string) => t(name, result);
    const script = `route {
      ${c('a')}; if (!(${t('b')} && !${c('c')})) { ${t('d')}; if (${c('e')}) ${t('f')}; else if (!${c('g')}) ${t('h')}; else { ${t('i')}; } };
      if (!route(1) || ${c('j')}) ${t('k')}; else if (route(2) && ${t('l')}) { break; } ${t('m')}; route(2); ${t('n')}; }
      route[1] { ${t('o', -1)}; if (${c('p')}) { route(2); } ${c('q')}; }
      route[2] { if (!${c('r')}) break; ${c('s')}; }`;
    for (const dialect of ['ser', 'openser'] as const) {
      const straight = play(script, { dialect });
      const waiting = play(script, { dialect, waits: () => true });
      assert.deepEqual(waiting.trace, straight.trace);
      assert.equal(waiting.waits, straight.trace.length);
    }
  }
});

const results = fc.constantFrom(1, 0, -1, 5);
let serial = 0;
const call = results.map((result) => t(`c${serial++}`, result));
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    call,
    fc.constantFrom('route(1)', 'route(2)', 'uri==myself', 'method=="ACK"', '1', '0'),
    tie('condition').map((c) => `!(${c})`),
    fc.tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition')).map(([a, op, b]) => `(${a} ${op} ${b})`),
  ),
}));
const { body } = fc.letrec<{ body: string; statement: string }>((tie) => ({
  statement: fc.oneof(
    { maxDepth: 4 },
    call.map((c) => `${c};`),
    fc.constantFrom('break;', ';', 'route(1);', 'route(2);'),
    fc.tuple(condition, tie('body')).map(([c, b]) => `if (${c}) { ${b} };`),
    fc.tuple(condition, tie('body'), tie('body')).map(([c, a, b]) => `if (${c}) { ${a} } else { ${b} }`),
    fc.tuple(condition, condition, tie('body')).map(([a, b, c]) => `if (${a}) ; else if (${b}) { ${c} }`),
  ),
  body: fc.array(tie('statement'), { maxLength: 4 }).map((list) => list.join(' ')),
}));
/** route[2] may call nothing, route[1] only route[2]: no recursion. */
const withoutCalls = (text: string, own: number) =>
  text.replace(/route\((\d)\)(;?)/g, (all, n, end) => (Number(n) > own ? all : end ? ';' : '1'));

test('property: waiting anywhere never changes the outcome', () => {
  fc.assert(
    fc.property(
      body,
      body,
      body,
      fc.constantFrom<DialectName>('ser', 'openser'),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
      (a, b, c, dialect, waits) => {
        const script = `route { ${a} } route[1] { ${withoutCalls(b, 1)} } route[2] { ${withoutCalls(c, 2)} }`;
        const straight = play(script, { dialect });
        const waiting = play(script, { dialect, waits: (n) => waits[n % waits.length]! });
        assert.deepEqual(waiting.trace, straight.trace);
        assert.deepEqual(
          [waiting.run.last, waiting.run.returned, waiting.run.frames],
          [straight.run.last, straight.run.returned, straight.run.frames],
        );
      },
    ),
    { numRuns: 500 },
  );
});
