import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { modules } from './modules.ts';

const all = [...new Set(modules.values())];

test('modules are found by name and alias, each function name belongs to one of them', () => {
  const names = all.flatMap((module) => [module.name, ...(module.aliases ?? [])]);
  assert.equal(new Set(names).size, names.length);
  for (const name of [
    'mysql',
    'postgres',
    'sl',
    'tm',
    'rr',
    'maxfwd',
    'usrloc',
    'registrar',
    'auth',
    'auth_db',
    'uri_db',
  ]) {
    assert.equal(modules.get(name)?.name, name);
  }
  const functions = all.flatMap((module) => module.functions.map((f) => f.name));
  assert.equal(new Set(functions).size, functions.length);
});

for (const module of all) {
  test(`${module.name}: a snippet shows how it is used`, () => {
    const snippet = new URL(`../../../../test/fixtures/ser/modules/${module.name}.cfg`, import.meta.url);
    assert.ok(existsSync(snippet), `write ${snippet.pathname}: a case for each function, as in those beside it`);
  });

  test(`${module.name}: what it needs exists, defaults are of their type and pass their own check, everything is described`, () => {
    for (const need of module.needs) assert.ok(modules.has(need), need);
    for (const { name, type, default: value, describe, check } of module.parameters) {
      assert.match(describe, /\S/, name);
      if (value === null) continue;
      assert.equal(typeof value === 'number' ? 'int' : 'string', type, name);
      assert.equal(check?.(value), undefined, name);
    }
    for (const { name, describe, arity, routes } of module.functions) {
      assert.match(describe, /\S/, name);
      assert.ok(arity.length > 0 && routes.length > 0, name);
    }
  });
}
