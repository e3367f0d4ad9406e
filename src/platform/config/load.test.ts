import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as z from 'zod';
import { ProblemsError, placeOf, renderProblem } from '../problems.ts';
import { loadConfig, requireConfig } from './load.ts';
import { describeOptions } from './schema.ts';

const schema = z.strictObject({
  http: z
    .strictObject({
      listen: z.array(z.string()).min(1).default(['127.0.0.1:8080']).describe('Where it listens.'),
      maxBody: z.int().min(1).max(65535).default(1024).describe('Largest body, bytes.'),
      mode: z.enum(['fast', 'safe']).default('safe'),
      ratio: z.number().min(0).max(1).optional(),
      url: z.url().optional(),
      address: z.string().regex(/^x/, { error: 'an address like x1' }).optional(),
      either: z.union([z.boolean(), z.array(z.int())]).optional(),
    })
    .prefault({}),
  store: z
    .strictObject({
      name: z.string().min(1).describe('Name of the store.'),
      secret: z.string().min(8).meta({ secret: true }).optional(),
    })
    .optional(),
  database: z
    .string()
    .refine((text) => text.startsWith('sqlite:'), 'must be a URL that begins with sqlite:')
    .optional(),
  limits: z.record(z.string(), z.int()).optional(),
});

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-config-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'gatehouse.yaml');

function load(yaml: string | undefined, environment: NodeJS.ProcessEnv = {}) {
  if (yaml !== undefined) writeFileSync(file, yaml);
  return loadConfig({ schema, environment, ...(yaml === undefined ? {} : { file }) });
}

/** `line:column CODE message` of each problem. */
function problems(yaml: string | undefined, environment: NodeJS.ProcessEnv = {}): string[] {
  const found = load(yaml, environment).problems;
  return found.map((one) => `${placeOf(one).replace(`${file}:`, '').replace(file, 'file')} ${one.code} ${one.message}`);
}

test('defaults, file and environment, the later over the earlier', () => {
  const loaded = load('http:\n  maxBody: 5\n  mode: fast\n', { GATEHOUSE__HTTP__MAX_BODY: '7', GATEHOUSE_DEBUG: '1' });
  const values = requireConfig(loaded);
  assert.deepEqual(values.http, { listen: ['127.0.0.1:8080'], maxBody: 7, mode: 'fast' });
  assert.equal(loaded.whereIs(['http', 'maxBody']), 'environment variable GATEHOUSE__HTTP__MAX_BODY');
  assert.equal(loaded.whereIs(['http', 'mode']), `${file}:3:9`);
  assert.equal(loaded.whereIs(['http', 'listen']), undefined);
  assert.deepEqual(requireConfig(load('')).http.maxBody, 1024);
});

for (const [what, yaml, expected] of [
  [
    'range',
    'http:\n  maxBody: 70000',
    ['2:12 CONFIG_VALUE `http.maxBody` must be a whole number from 1 to 65535, but is `70000`'],
  ],
  [
    'type',
    'http: { maxBody: [1] }',
    ['1:18 CONFIG_VALUE `http.maxBody` must be a whole number from 1 to 65535, but is a list'],
  ],
  ['choice', 'http: { mode: best }', ['1:15 CONFIG_VALUE `http.mode` must be `fast` or `safe`, but is `best`']],
  ['own words', 'http: { address: y }', ['1:18 CONFIG_VALUE `http.address` must be an address like x1, but is `y`']],
  ['format', 'http: { url: q }', ['1:14 CONFIG_VALUE `http.url` must be a URL, but is `q`']],
  ['item', 'http:\n  listen:\n    - a\n    - 5', ['4:7 CONFIG_VALUE `http.listen[1]` must be a text, but is `5`']],
  [
    'union',
    'http: { either: no }',
    ['1:17 CONFIG_VALUE `http.either` must be true or false or a list: a whole number each, but is `no`'],
  ],
  [
    'within a union',
    'http: { either: [1, x] }',
    ['1:21 CONFIG_VALUE `http.either[1]` must be a whole number, but is `x`'],
  ],
  ['section', 'http: 5', ['1:7 CONFIG_VALUE `http` must be a section of `name: value` lines, but is `5`']],
  ['record', 'limits: { a: 1, b: x }', ['1:20 CONFIG_VALUE `limits.b` must be a whole number, but is `x`']],
  ['missing', 'store: {}', ['1:1 CONFIG_MISSING `store.name` must be a text that is not empty, but is missing']],
  ['unknown', 'htp: 1', ['1:1 CONFIG_UNKNOWN `htp` is unknown']],
  [
    'refused by a check',
    'database: mysql://ser:heslo@h/d',
    ['1:11 CONFIG_VALUE `database` must be a URL that begins with sqlite:, but is `mysql://ser:***@h/d`'],
  ],
  ['duplicate', 'http: {}\nhttp: {}', ['2:1 CONFIG_DUPLICATE this option is given twice in its section']],
  ['not a section', '- 1', ['1:1 CONFIG_VALUE the file must be a section of `name: value` lines']],
  ['prototype', '__proto__: { a: 1 }', ['1:1 CONFIG_UNKNOWN `__proto__` is unknown']],
] as const) {
  test(`located: ${what}`, () => assert.deepEqual(problems(yaml), expected));
}

test('all faults of file and environment are found in one pass', () => {
  const yaml = 'http:\n  maxBody: x\n  mod: fast\nstore: { name: "" }\n';
  const found = problems(yaml, { GATEHOUSE__HTTP__RATIO: '2', GATEHOUSE__HTP__MODE: 'fast' });
  assert.deepEqual(found, [
    'environment variable GATEHOUSE__HTP__MODE CONFIG_UNKNOWN this variable sets no option',
    '2:12 CONFIG_VALUE `http.maxBody` must be a whole number from 1 to 65535, but is `x`',
    'environment variable GATEHOUSE__HTTP__RATIO CONFIG_VALUE `http.ratio` must be a number from 0 to 1, but is `2`',
    '3:3 CONFIG_UNKNOWN `http.mod` is unknown',
    '4:16 CONFIG_VALUE `store.name` must be a text that is not empty, but is empty',
  ]);
});

test('a problem shows its line, a caret and what was probably meant', () => {
  const [problem] = load('http:\n  mdoe: fast\n').problems;
  assert.equal(
    renderProblem(problem!),
    `${file}:2:3: error: \`http.mdoe\` is unknown [CONFIG_UNKNOWN]\n      mdoe: fast\n      ^\n  cure: did you mean \`mode\`?`,
  );
});

test('secrets are repeated nowhere', () => {
  const loaded = load('store: { name: a, secret: heslo }', { GATEHOUSE__DATABASE: 'mysql://ser:hes/lo@h/d' });
  assert.equal(loaded.problems.length, 2);
  assert.doesNotMatch(new ProblemsError('CONFIG_INVALID', loaded.problems).toText(), /hes\/?lo/);
});

test('environment: texts as they stand, one value makes a list of one, the rest as YAML', () => {
  const values = requireConfig(
    load('store: { name: x }', {
      GATEHOUSE__STORE__NAME: '007',
      GATEHOUSE__HTTP__LISTEN: '[::1]:80',
      GATEHOUSE__HTTP__EITHER: '[1, 2]',
      GATEHOUSE__LIMITS__CALLS: '3',
    }),
  );
  assert.equal(values.store?.name, '007');
  assert.deepEqual(values.http.either, [1, 2]);
  assert.deepEqual(values.limits, { calls: 3 });
  const listen = (text: string) => requireConfig(load(undefined, { GATEHOUSE__HTTP__LISTEN: text })).http.listen;
  assert.deepEqual(listen('a:1'), ['a:1']);
  assert.deepEqual(listen('0123'), ['0123']);
  assert.deepEqual(listen('[0123, yes, 1e3, null]'), ['0123', 'yes', '1e3', 'null']);
});

test('hostile files end in a problem', () => {
  const bomb = `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${'*a,'.repeat(50)}]\nc: [${'*b,'.repeat(50)}]`;
  assert.match(problems(bomb)[0]!, /^1:1 CONFIG_SYNTAX too many aliases/);
  assert.match(problems('['.repeat(100_000))[0]!, /CONFIG_SYNTAX/);
  assert.match(problems(`# ${'x'.repeat(1024 * 1024)}`)[0]!, /^file CONFIG_UNREADABLE/);
  assert.match(problems('a: b: c')[0]!, /^1:\d+ CONFIG_SYNTAX/);
  assert.match(problems('a: *nowhere')[0]!, /CONFIG_SYNTAX/);
});

test('a file that is not there is named', () => {
  const { problems: found, values } = loadConfig({ schema, environment: {}, file: join(folder, 'absent.yaml') });
  assert.equal(values, undefined);
  assert.deepEqual(
    found.map((one) => one.code),
    ['CONFIG_UNREADABLE'],
  );
});

test('the options describe themselves', () => {
  const [listen, maxBody] = describeOptions(schema);
  assert.deepEqual(maxBody, {
    path: 'http.maxBody',
    variable: 'GATEHOUSE__HTTP__MAX_BODY',
    type: 'a whole number from 1 to 65535',
    default: '1024',
    description: 'Largest body, bytes.',
    live: false,
  });
  assert.equal(listen?.default, '["127.0.0.1:8080"]');
});
