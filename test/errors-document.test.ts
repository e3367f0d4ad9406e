import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { documentFile, errorsDocument, errorTables } from './errors-document.ts';

test('docs/errors.md is what the error tables say', async () => {
  const tables = await errorTables();
  assert.ok(tables.length > 0);
  assert.equal(readFileSync(documentFile, 'utf8'), errorsDocument(tables), 'run: node test/errors-document.ts');
});

test('no code stands in two tables', async () => {
  const all = (await errorTables()).flatMap(({ codes }) => Object.keys(codes));
  const twice = all.filter((code, i) => all.indexOf(code) !== i);
  assert.deepEqual(twice, []);
});

test('every code that the sources throw is in a table', async () => {
  const known = new Set((await errorTables()).flatMap(({ codes }) => Object.keys(codes)));
  const unknown: string[] = [];
  for (const file of globSync('src/**/*.ts').filter((path) => !path.endsWith('.test.ts'))) {
    for (const [, code] of readFileSync(file, 'utf8').matchAll(/(?:Gatehouse|Problems)Error\(\s*'([A-Z_]+)'/g)) {
      if (!known.has(code!)) unknown.push(`${file}: ${code}`);
    }
  }
  assert.deepEqual(unknown, []);
});
