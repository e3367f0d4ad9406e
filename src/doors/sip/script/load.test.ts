import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Problem, renderProblem } from '../../../platform/problems.ts';
import type { DialectName } from './dialect.ts';
import { loadScript } from './load.ts';
import { fakeModules } from './test-fakes.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../../../../test/fixtures/ser/${name}`, import.meta.url), 'utf8');
const load = (text: string, dialect?: DialectName) =>
  loadScript(text, { file: 'ser.cfg', modules: fakeModules, ...(dialect && { dialect }) });
const MODULES = ['sl', 'tm', 'rr', 'maxfwd', 'trace'].map((name) => `loadmodule "/m/${name}.so"`).join(' ');
/** A script whose second line is the text given. */
const inRoute = (text: string) => load(`${MODULES} route {\n${text}\n}`);
const place = (p: Problem) => `${p.line}:${p.column} ${p.code}`;
const errors = (problems: readonly Problem[]) => problems.filter((p) => p.severity === 'error');

test('the quick-start configuration loads, with warnings for its holes and idle settings', () => {
  const { script, problems } = load(fixture('quickstart.cfg'));
  assert.ok(script);
  assert.equal(script.dialect.name, 'ser');
  assert.deepEqual(
    script.modules.map(({ module }) => module.name),
    ['mysql', 'sl', 'tm', 'rr', 'maxfwd', 'usrloc', 'registrar', 'auth', 'auth_db', 'uri_db'],
  );
  assert.deepEqual(script.uses.parametersOf('auth_db'), {
    calculate_ha1: 1,
    password_column: 'password',
    db_url: 'mysql://ser:heslo@localhost/ser',
  });
  assert.equal(script.uses.parametersOf('tm')?.fr_timer, 30);
  assert.deepEqual(script.uses.argumentsOf('save'), [['location']]);
  assert.equal(script.uses.parametersOf('trace'), undefined);
  const { listen, port, fork, children, debug, fifo } = script.globals;
  assert.deepEqual(
    [listen[0]?.host, listen[0]?.protocol, port, fork, children, debug, fifo],
    ['127.0.0.1', undefined, 5060, false, 4, 3, '/tmp/ser_fifo'],
  );
  assert.deepEqual(problems.map(place), [
    '9:1 SCRIPT_IGNORED',
    '14:1 SCRIPT_IGNORED',
    '28:38 SCRIPT_CLEAR_PASSWORDS',
    '39:9 SCRIPT_NEVER_TRUE',
    '50:9 SCRIPT_PRELOADED_ROUTE',
    '57:9 SCRIPT_OPEN_RELAY',
    '75:9 SCRIPT_UNAUTHENTICATED',
    '82:5 SCRIPT_UNAUTHENTICATED',
    '96:27 SCRIPT_REPLAY',
    '111:10 SCRIPT_NEVER_AUTHENTICATED',
    '112:29 SCRIPT_REPLAY',
  ]);
  assert.match(problems[5]!.message, /^strangers can send all methods to anywhere/);
  assert.match(problems[6]!.message, /^all methods but INVITE, REGISTER can/);
  assert.match(problems[9]!.message, /^all methods but INVITE, REGISTER are never asked/);
  assert.match(
    problems[9]!.cause!,
    /by way of line 57, 75, 82; what OPTIONS is answered tells anybody who is registered$/,
  );
});

const FAULTS: [text: string, place: string, said: RegExp][] = [
  ['f() t_relay();', '2:4 SCRIPT_SYNTAX', /`;` is missing/],
  ['f(); \u2776', '2:6 SCRIPT_MISPRINT', /callout/],
  ['f(); 13\nf();', '2:6 SCRIPT_MISPRINT', /callout number 13/],
  ['27if (f()) { f(); }', '2:1 SCRIPT_MISPRINT', /write if/],
  ['f("a [mailto:a@b]");', '2:3 SCRIPT_MISPRINT', /mailto/],
  ['f(\u201ca\u201d);', '2:3 SCRIPT_MISPRINT', /straight quotes/],
  ['if (!f("", "subscriber)) { f(); }', '2:12 SCRIPT_CHARACTER', /closing " is missing/],
  ['if (f()) { f(); }; else f();', '2:20 SCRIPT_SYNTAX', /before else/],
  ['if (f() { f(); }', '2:9 SCRIPT_SYNTAX', /`\)` is expected/],
  ['if (src_port=="5060") f();', '2:15 SCRIPT_VALUE', /compared with a number/],
  ['if (uri) f();', '2:5 SCRIPT_VALUE', /uri==myself/],
  ['if ("INVITE"==method) f();', '2:5 SCRIPT_VALUE', /on the left/],
  ['if (src_ip==host.example) f();', '2:13 SCRIPT_VALUE', /names are not looked up/],
  ['// f();', '2:1 SCRIPT_SYNTAX', /write #/],
  ['f(1);', '2:3 SCRIPT_ARGUMENT', /write "1" in quotes/],
  ['setflag(32);', '2:9 SCRIPT_ARGUMENT', /0 to 31/],
  ['f("1","2","3");', '2:1 SCRIPT_FUNCTION', /takes 0 or 1 or 2 arguments, not 3 .* f\(\) or f\("text"\) or/],
  ['if (f() == 1) t_relay();', '2:5 SCRIPT_VALUE', /result of `f` is not compared .* compare retcode/],
  ['exec("ls");', '2:1 SCRIPT_UNSUPPORTED', /exec. of the core is not there/],
  ['forward("a b");', '2:9 SCRIPT_ARGUMENT', /uri:host/],
  ['save("location");', '2:1 SCRIPT_LOADMODULE', /add below line 1: loadmodule "\/m\/registrar.so"/],
  ['route(FOO);', '2:7 SCRIPT_KAMAILIO', /numbers/],
  ['route(0);', '2:1 SCRIPT_RECURSION', /never ends/],
  ['$nothing = 1;', '2:1 SCRIPT_VARIABLE', /no variable `\$nothing`/],
  ['$fU = "x";', '2:1 SCRIPT_VARIABLE', /cannot be assigned to/],
  ['if ($rx =~ "x") f();', '2:5 SCRIPT_VARIABLE', /did you mean/],
  ['if ($shv(x) == 1) f();', '2:5 SCRIPT_VARIABLE', /Kamailio/],
  ['if ($(ru{s.trim}) == "x") f();', '2:5 SCRIPT_VARIABLE', /no transformation \{s.trim\}/],
  ['if ($(ru{s.substr,1}) == "x") f();', '2:5 SCRIPT_VARIABLE', /\{s.substr,2,3\}/],
  ['if ($ru =~ "(") f();', '2:12 SCRIPT_PATTERN', /cannot be read/],
  ['$var(x) = $var(y) / 0;', '2:19 SCRIPT_VALUE', /divides by zero/],
  ['$var(x) = f();', '2:11 SCRIPT_VALUE', /\$retcode/],
  ['switch ($rc) { f(); }', '2:16 SCRIPT_SYNTAX', /`case` or `default`/],
  ['switch ($rc) { case x: f(); }', '2:21 SCRIPT_SYNTAX', /number or a string/],
  ['switch ($rc) { default: f(); case 1: f(); default: f(); }', '2:43 SCRIPT_SYNTAX', /has a `default` already/],
  ['set_advertised_address("a/b");', '2:24 SCRIPT_ARGUMENT', /host name is wanted/],
  ['set_advertised_port(0);', '2:21 SCRIPT_ARGUMENT', /1 to 65535/],
  ['send(host.example);', '2:6 SCRIPT_ARGUMENT', /an address is wanted/],
  ['case 1: f();', '2:1 SCRIPT_SYNTAX', /stands in no switch/],
  ['f("$fd");', '2:3 SCRIPT_ARGUMENT', /variables/],
  ['port=5060;', '2:1 SCRIPT_SYNTAX', /top of the file/],
  ['f;', '2:1 SCRIPT_SYNTAX', /f\(\);/],
  ['if (method="ACK") f();', '2:11 SCRIPT_SYNTAX', /write ==/],
  ['/* f();', '2:1 SCRIPT_CHARACTER', /nest/],
];

test('each fault gives one error, at its place, with its cure', () => {
  for (const [text, where, said] of FAULTS) {
    const found = errors(inRoute(text).problems);
    const unclosed = text.startsWith('/*') ? 1 : 0;
    assert.equal(found.length, 1 + unclosed, `${text}\n${JSON.stringify(found, null, 1)}`);
    const problem = found.at(-1)!;
    assert.equal(place(problem), where, text);
    assert.match(`${problem.message} ${problem.cause} ${problem.cure}`, said, text);
  }
});

test('statements after a page break belong to the route before', () => {
  const text = `${MODULES}\nroute {\n f();\n}\nif (f()) {\n route(1);\n};\nroute(1);\n}\nroute[1] { t_relay(); }`;
  const { problems } = load(text);
  assert.deepEqual(errors(problems).map(place), ['4:1 SCRIPT_MISPRINT']);
  assert.match(problems[0]!.cause!, /line 5 on belong to the same route/);
});

test('a missing brace is told once, where the indentation says', () => {
  const text = `${MODULES}\nroute {\n    if (f()) {\n        f();\n    f();\n}\nroute[1] {\n    f();\n}`;
  assert.deepEqual(errors(load(text).problems).map(place), ['3:14 SCRIPT_SYNTAX']);
});

test('a late loadmodule names the line to move', () => {
  const { problems } = load('route {\n f();\n}\nloadmodule "/m/trace.so"');
  assert.deepEqual(problems.map(place), ['2:2 SCRIPT_LOADMODULE']);
  assert.match(problems[0]!.cure!, /move line 4 above line 2/);
  const early = load('modparam("tm", "fr_timer", 5)\nloadmodule "/m/tm.so"\nroute { t_relay(); }');
  assert.match(errors(early.problems)[0]!.cure!, /move line 2 above line 1/);
  assert.match(
    load('loadmodule "/m/tmm.so"').problems.find((p) => p.code === 'SCRIPT_MODULE')!.cure!,
    /did you mean `tm`/,
  );
  const needs = load('loadmodule "/m/registrar.so"\nloadmodule "/m/usrloc.so"\nroute { ; }');
  assert.match(errors(needs.problems)[0]!.cure!, /move line 2 above line 1/);
});

test('one construct of OpenSER makes the file openser, and it can be overridden', () => {
  const dialect = (text: string, override?: DialectName) =>
    load(`${MODULES} route { ${text} }`, override).script?.dialect.name;
  assert.equal(dialect('f(); break;'), 'ser');
  assert.equal(dialect('f(); exit;'), 'openser');
  assert.equal(dialect('return(1);'), 'openser');
  assert.equal(dialect('if (retcode < 0) f();'), 'openser');
  assert.equal(dialect('f("[0-9]$");'), 'ser');
  assert.equal(dialect('f(); break;', 'openser'), 'openser');
  assert.equal(inRoute('f();\nexit;').script?.dialect.line, 3);
});

const KAMAILIO = `#!KAMAILIO
#!define FLAG 3
#!define PORT 5070
#!ifdef WITH_TLS
enable_tls=yes
#!else
port=PORT
#!endif
loadpath="/usr/lib/x/modules/"
import_file "more.cfg"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "kex.so"
modparam("kex", "x", 1)
modparam("tm", "fr_timer",
  4 2)
request_route {
  setflag(FLAG);
  route(RELAY);
  if (is_first_hop()) exit;
  if (@from.uri == "x") exit;
  if ($shv(x) == $null) send_reply("404", "a"
    "b");
}
route[RELAY] { t_relay(); }
failure_route[BUSY] { route(GONE); }
event_route[x:y] { ; }
`;

test('in a file of Kamailio each word that is only there is told at its place, with what takes its place', () => {
  const { script, problems } = load(KAMAILIO);
  assert.equal(script, undefined);
  assert.deepEqual(
    problems.map((problem) => `${place(problem)}: ${problem.cure}`),
    [
      '1:1 SCRIPT_KAMAILIO: change what is told below, look at each break, return and drop, then remove this line',
      '2:1 SCRIPT_KAMAILIO: write the value in place of its name; the same for all such lines',
      '4:1 SCRIPT_KAMAILIO: keep the lines of the case that shall be valid, and remove the others; the same for all such lines',
      '9:1 SCRIPT_KAMAILIO: remove the line; modules are built in',
      '10:1 SCRIPT_KAMAILIO: put the text of the other file here',
      '13:1 SCRIPT_KAMAILIO: remove the line; its functions are part of the core',
      '16:5 SCRIPT_SYNTAX: the form is: modparam("module", "parameter", value)',
      '17:1 SCRIPT_KAMAILIO: write route { ... }',
      '20:7 SCRIPT_KAMAILIO: write src_ip== with the address of the telephones or of the proxy before this one',
      '21:7 SCRIPT_KAMAILIO: use a variable: $hdr(name), $fu, $(ru{uri.user})',
      '22:7 SCRIPT_VARIABLE: use $avp(s:name) or $var(name)',
      '22:25 SCRIPT_KAMAILIO: write sl_send_reply("404", "Not Found")',
      '23:5 SCRIPT_KAMAILIO: write one string in one pair of quotes',
      '25:1 SCRIPT_KAMAILIO: write route[1] { ... } and route(1)',
      '26:1 SCRIPT_KAMAILIO: write failure_route[1] { ... } and t_on_failure("1")',
      '26:29 SCRIPT_KAMAILIO: write route[1] { ... } and route(1)',
      '27:1 SCRIPT_KAMAILIO: there are no events; remove the block',
    ],
  );
});

test('hosts, addresses and numbers of all forms', () => {
  const { script, problems } = load(
    'listen=udp:192.0.2.1:5070 tcp:[2001:db8::1]:5061 eth0\nlisten=::1\nalias=1und1.example "b.example:5080" c-d.example\nport=0x13c4\nmaxbuffer=0777\nserver_signature=off\nroute { ; }',
  );
  assert.deepEqual(errors(problems), []);
  assert.deepEqual(
    script!.globals.listen.map(({ protocol, host, port }) => [protocol, host, port]),
    [
      ['udp', '192.0.2.1', 5070],
      ['tcp', '2001:db8::1', 5061],
      [undefined, 'eth0', undefined],
      [undefined, '::1', undefined],
    ],
  );
  assert.deepEqual(
    script!.globals.alias.map(({ host, port }) => [host, port]),
    [
      ['1und1.example', undefined],
      ['b.example', 5080],
      ['c-d.example', undefined],
    ],
  );
  assert.deepEqual(
    [script!.globals.port, script!.globals.maxbuffer, script!.globals.serverSignature],
    [5060, 511, false],
  );
});

test('a modparam is read as ^text$, not grouped, and fails when any match lacks the parameter', () => {
  const all = 'loadmodule "/m/auth.so" loadmodule "/m/auth_db.so" loadmodule "/m/usrloc.so"\n';
  assert.deepEqual(load(`${all}modparam("AUTH_DB|usrloc", "db_url", "x") route { ; }`).problems, []);
  const lacking = errors(load(`${all}modparam("auth|usrloc", "db_url", "x") route { ; }`).problems);
  assert.match(lacking[0]!.message, /`auth` has no parameter `db_url`/);
});

test('no more than 100 errors are told, and hostile nesting does not exhaust the stack', () => {
  const { problems } = load(`${MODULES} route {\n${'nothing();\n'.repeat(500)}}`);
  assert.equal(problems.length, 100);
  for (const deep of [
    `if (${'('.repeat(50_000)}`,
    `if (${'!'.repeat(50_000)}f()) f();`,
    '{'.repeat(50_000),
    'if (f()) '.repeat(50_000),
    `if (f()${'&& f()'.repeat(50_000)}) f();`,
  ]) {
    assert.ok(errors(inRoute(deep).problems).length >= 1);
  }
});

test('an error is shown with its line, a caret, cause and cure', () => {
  const text = 'route {\n\tsetflag(99);\n}';
  const shown = renderProblem(load(text).problems[0]!);
  assert.match(
    shown,
    /^ser\.cfg:2:10: error: .* \[SCRIPT_ARGUMENT\]\n {5}setflag\(99\);\n {13}\^\^\n {2}cure: write setflag\(1\)$/,
  );
});

const seeds = process.env.GATEHOUSE_SEEDS;

if (seeds)
  test('the documents themselves: the listing as meant loads, as printed every misprint is explained', () => {
    const meant = readFileSync(`${seeds}/reference/ser.cfg`, 'utf8');
    assert.deepEqual(errors(load(meant).problems), []);
    const page = readFileSync(`${seeds}/seeds/ser-mysql-authentication.txt`, 'utf8');
    const listing = page
      .split('```')
      .filter((_, index) => index % 2 === 1)
      .join('');
    const found = errors(load(listing).problems);
    for (const problem of found) assert.equal(problem.code, 'SCRIPT_MISPRINT', renderProblem(problem));
    const callouts = found
      .filter((p) => p.cure?.startsWith('remove the callout number'))
      .map((p) => /number (\d+|[^\s:])/.exec(p.cure!)![1]);
    const circled = '\u2776\u2777\u2778\u2779\u277a\u277b\u277c\u2778\u2779\u2776\u2777\u2778';
    assert.deepEqual(callouts, [...circled, ...Array.from({ length: 16 }, (_, i) => String(i + 13))]);
    assert.deepEqual(
      found.filter((p) => /page/.test(p.cause ?? '')).map((p) => listing.split('\n')[p.line - 1]),
      ['}'],
    );
    assert.equal(found.length, 29);
  });
