/** What `check` says of whole files, with the modules that there are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { modules } from '../src/doors/sip/modules/modules.ts';
import { LATER_FUNCTIONS } from '../src/doors/sip/script/later.ts';
import { loadScript } from '../src/doors/sip/script/load.ts';
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
      '9:1 SCRIPT_MODULE: remove the line and what uses the module',
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
      '38:23 SCRIPT_ARGUMENT: Answers with status and phrase. -1: the request is an ACK, or has had its final reply.',
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
    ['43 SCRIPT_PRELOADED_ROUTE'],
  );
});

test('no function is said to belong to another server while a module has it', () => {
  const functions = new Set([...modules.values()].flatMap((module) => module.functions.map(({ name }) => name)));
  assert.deepEqual(
    LATER_FUNCTIONS.filter((name) => functions.has(name)),
    [],
  );
});
