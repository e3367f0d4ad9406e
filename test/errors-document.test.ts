import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { documentedErrors } from '../src/cli/commands/errors.ts';
import { codeUses, documentFile, errorsDocument, errorTables } from './errors-document.ts';

/** Texts in capitals that are no codes of ours: words of chat scripts, those of the system, of shells, of databases, of protocols and of packages. */
const FOREIGN = /^(?:CLR|EAI|ER|ESME|PROTOCOL)_|^(?:COMP_CWORD|DUPLICATE_KEY|LATIN1_SWEDISH_CI|SQL_ASCII|UTF8MB4_BIN)$/;
/** Why a message could not be sent: goes to the one who sent it, never to a person. */
const SEND_FAILURES = new Set([
  'NO_SOCKET',
  'BAD_TARGET',
  'TOO_LARGE',
  'QUEUE_FULL',
  'TOO_MANY_CONNECTIONS',
  'CONNECTION_GONE',
]);
/** Keys of configurations, as LinOTP names them. */
const SMS_KEY =
  /^(?:RETURN_|(?:CLIENT_CERTIFICATE_FILE|SERVER_CERTIFICATE|SMS_CHALLENGE_PROMPT|SMS_PHONENUMBER_KEY|SMS_TEXT_KEY)$)/;
/** Here an error is made anew from one that came over a socket, from a thread, or from the call beneath. */
const HANDED_ON = /^src\/(?:core\/control\/wire|storage\/error-text|cli\/commands\/user-import)\.ts:/;

const tables = await errorTables();
const codes = tables.flatMap((table) => Object.keys(table.codes));

test('docs/errors.md is what the error tables say', () => {
  assert.equal(readFileSync(documentFile, 'utf8'), errorsDocument(tables), 'run: node test/errors-document.ts');
});

test('`gatehouse errors` reads every code and meaning from the document', () => {
  const read = documentedErrors(errorsDocument(tables)).map(({ code, meaning }) => [code, meaning] as const);
  const said = tables.flatMap((table) => Object.entries(table.codes));
  assert.deepEqual(new Map(read), new Map(said));
});

test('no code stands in two tables, and meanings are written alike', () => {
  assert.deepEqual(
    codes.filter((code, i) => codes.indexOf(code) !== i),
    [],
  );
  const meanings = tables.flatMap((table) => Object.values(table.codes));
  assert.deepEqual(
    meanings.filter((meaning) => /^[A-Z](?![A-Z])|\.$|\n/.test(meaning)),
    [],
    'a meaning begins small and has no full stop',
  );
});

test('every code that the sources say is in a table', () => {
  const known = new Set(codes);
  const unknown = codeUses(tables).filter(({ where, code }) => {
    if (code === undefined) return !HANDED_ON.test(where);
    return !known.has(code) && !FOREIGN.test(code) && !SMS_KEY.test(code) && !SEND_FAILURES.has(code);
  });
  assert.deepEqual(unknown, []);
});

test('every code in a table is said somewhere', () => {
  const said = new Set(codeUses(tables).map(({ code }) => code));
  // Made by report.ts and wire.ts of what is no GatehouseError, and by the transaction layer: words without `_`.
  assert.deepEqual(
    codes.filter((code) => code.includes('_') && !said.has(code)),
    [],
  );
});
