/** What `check` says of whole files, with the modules that there are. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { modules } from '../src/doors/sip/modules/modules.ts';
import { listAbsent } from '../src/doors/sip/script/absent-modules.ts';
import { CORE_ACTIONS } from '../src/doors/sip/script/core-actions.ts';
import { LATER_FUNCTIONS } from '../src/doors/sip/script/later.ts';
import { loadScript } from '../src/doors/sip/script/load.ts';
import { traceMessage } from '../src/doors/sip/trace.ts';
import { renderProblem } from '../src/platform/problems.ts';
import { EXAMPLE } from './listings.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures', 'ser');
const read = (name: string) => readFileSync(join(FIXTURES, name), 'utf8');
const load = (text: string) => loadScript(text, { file: 'ser.cfg', modules });

test('twenty faults of twenty kinds give twenty located errors, in order, each with its cure', () => {
  const { script, problems } = load(read('twenty-errors.cfg'));
  assert.equal(script, undefined);
  assert.deepEqual(
    problems.map(({ line, column, code, cure }) => `${line}:${column} ${code}: ${cure}`),
    [
      '2:1 SCRIPT_GLOBAL: did you mean `listen`?',
      '3:1 SCRIPT_KAMAILIO: write the value in place of its name; the same for all such lines',
      '9:1 SCRIPT_MODULE: there is no presence server here: relay PUBLISH and SUBSCRIBE to one, or answer sl_send_reply("489", "Bad Event")',
      '10:1 SCRIPT_LOADMODULE: move line 11 above line 10',
      '14:16 SCRIPT_PARAMETER: did you mean `fr_timer`?',
      '15:31 SCRIPT_PARAMETER: write the number without quotes',
      '19:46 SCRIPT_SYNTAX: add ; here',
      '22:15 SCRIPT_SYNTAX: write ==',
      '26:9 SCRIPT_VALUE: did you mean `method`?',
      '27:9 SCRIPT_FUNCTION: did you mean `sl_send_reply`?',
      '29:14 SCRIPT_PATTERN: write \\\\ before a character that shall stand for itself',
      '33:9 SCRIPT_FUNCTION: write loose_route()',
      '34:15 SCRIPT_ROUTE: add route[7] { ... } or correct the number',
      '35:15 SCRIPT_MISPRINT: remove the callout number 13',
      '37:9 SCRIPT_VARIABLE: did you mean `$ru`?',
      '38:23 SCRIPT_ARGUMENT: Answers with status and phrase. -1: the request is an ACK, or has had its final reply. In a `route[n]` that a failure route calls it is t_reply.',
      '40:10 SCRIPT_LOADMODULE: add below line 12: loadmodule "auth_db.so"',
      '40:30 SCRIPT_CHARACTER: write "subscriber"',
      '41:15 SCRIPT_KAMAILIO: write route[1] { ... } and route(1)',
      '48:5 SCRIPT_FUNCTION: move it to such a route',
    ],
  );
});

test('the built-in example has no hole and no weak setting', () => {
  assert.deepEqual(
    load(EXAMPLE).problems.map(({ line, code }) => `${line} ${code}`),
    ['49 SCRIPT_PRELOADED_ROUTE'],
  );
});

test('sites as they were in 2006 to 2008: what is not here is told with what to do, and all else is taken', () => {
  const files = readdirSync(join(FIXTURES, 'sites'));
  assert.equal(files.length, 3);
  for (const file of files) {
    const errors = load(read(join('sites', file))).problems.filter(({ severity }) => severity === 'error');
    for (const { line, code, message, cause, cure } of errors) {
      const told = `${file}:${line} ${message}; ${cause}; ${cure}`;
      assert.match(code, /^SCRIPT_(MODULE|UNSUPPORTED|PARAMETER|LOADMODULE)$/, told);
      assert.doesNotMatch(cure ?? '', /did you mean|correct the name|what uses the module$|its parameters are/, told);
    }
  }
});

test('no function is said to belong to another server while a module has it', () => {
  const functions = new Set([...modules.values()].flatMap((module) => module.functions.map(({ name }) => name)));
  assert.deepEqual(
    [...LATER_FUNCTIONS, ...listAbsent().flatMap((one) => one.functions)].filter((name) => functions.has(name)),
    [],
  );
  assert.deepEqual(
    listAbsent().filter(({ name }) => modules.has(name)),
    [],
  );
});

/** What a script logs for an INVITE, and what becomes of it. */
async function logged(name: string, credentials: string): Promise<string[]> {
  const text = read(name);
  const { script } = load(text);
  assert.ok(script);
  const ready = { script, text, listen: [{ protocol: 'udp', address: '127.0.0.1', port: 5060 }] as const };
  const message = messageFor('zero').replace('\nContact', `\n${credentials}Contact`);
  const { said, verdict } = await traceMessage(ready, message, { domains: ['example.com'], results: new Map() });
  return [...said, verdict];
}

test('two files that differ in one word: in SER a 0 leaves the route, in OpenSER the script', async () => {
  const [ser, openser] = [read('zero-ser.cfg'), read('zero-openser.cfg')].map((text) => text.split('\n').slice(1));
  const different = ser!.filter((line, index) => line !== openser![index]);
  assert.deepEqual(different, ['    break;']);
  assert.equal(load(read('zero-ser.cfg')).script?.dialect.name, 'ser');
  assert.equal(load(read('zero-openser.cfg')).script?.dialect.name, 'openser');
  const challenged = 'answered 401 Unauthorized';
  assert.deepEqual(await logged('zero-openser.cfg', ''), ['begin', challenged]);
  assert.deepEqual(await logged('zero-ser.cfg', ''), [
    'begin',
    'behind route(1)',
    'in route[2]',
    'answered before',
    'route(2) is true',
    challenged,
  ]);
  const credentials =
    'Authorization: Digest username="1000", realm="example.com", nonce="n", uri="sip:x", response="1"\n';
  for (const name of ['zero-ser.cfg', 'zero-openser.cfg']) {
    assert.deepEqual(await logged(name, credentials), [
      'begin',
      'end of route[1]',
      'behind route(1)',
      'in route[2]',
      'route(2) is true',
      'answered 200 OK',
    ]);
  }
});

/** One file that uses every module that there is: a snippet of each, `test/fixtures/ser/modules/NAME.cfg`, in the order of modules.ts. */
describe('a file that uses every module', () => {
  const all = [...new Set(modules.values())];
  const snippets = ['core', ...all.map(({ name }) => name)];
  const text = snippets
    .map((name) => (existsSync(snippet(name)) ? readFileSync(snippet(name), 'utf8') : ''))
    .join('\n');
  const { script, problems } = load(text);

  test('each module has its snippet, and the whole loads', () => {
    const there = readdirSync(join(FIXTURES, 'modules')).map((file) => file.replace(/\.cfg$/, ''));
    assert.deepEqual(there.toSorted(), snippets.toSorted());
    assert.deepEqual(
      problems.filter(({ severity }) => severity === 'error').map((problem) => renderProblem(problem)),
      [],
    );
    assert.deepEqual(
      script!.modules.map(({ module }) => module.name),
      all.map(({ name }) => name),
    );
  });

  test('each function of the core and of the modules is used', () => {
    const used = new Set([...script!.analysis.calls.keys()].map(({ name }) => name));
    const functions = [...CORE_ACTIONS.keys(), ...all.flatMap((module) => module.functions.map(({ name }) => name))];
    assert.deepEqual(
      functions.filter((name) => !used.has(name)),
      [],
    );
  });

  test('each function that request routes may use runs: the message is for a user of its name', async () => {
    const core = [...CORE_ACTIONS].filter(([, { routes }]) => !routes || routes.includes('request'));
    const functions = all.flatMap((module) => module.functions.filter(({ routes }) => routes.includes('request')));
    const ready = { script: script!, text, listen: [{ protocol: 'udp', address: '127.0.0.1', port: 5060 }] as const };
    for (const name of [...core.map(([one]) => one), ...functions.map((spec) => spec.name)]) {
      const report = await traceMessage(ready, messageFor(name), { domains: ['example.com'], results: new Map() });
      const steps = report.steps.filter((step) => step.kind !== 'assignment' && step.text.includes(`${name}(`));
      assert.ok(steps.length > 0, `${name}: no line with it was taken\n${JSON.stringify(report, null, 1)}`);
      const failed = report.said.filter((line) => line.includes('failed'));
      assert.deepEqual(failed, [], name);
    }
  });
});

function snippet(name: string): string {
  return join(FIXTURES, 'modules', `${name}.cfg`);
}

function messageFor(user: string): string {
  const method = user.startsWith('save') ? 'REGISTER' : 'INVITE';
  return [
    `${method} sip:${user}@192.0.2.9 SIP/2.0`,
    'Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKmodules',
    'Max-Forwards: 9',
    'From: <sip:1000@example.com>;tag=1',
    'To: <sip:1000@example.com>',
    `Call-ID: ${user}@192.0.2.7`,
    `CSeq: 1 ${method}`,
    'Contact: <sip:1000@192.0.2.7>',
    '',
    '',
  ].join('\n');
}
