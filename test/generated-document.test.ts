/** What stands in the documents: made from the code where it can be, and leading somewhere where it points. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { commandsPart } from './commands-document.ts';
import { configurationPart } from './configuration-document.ts';
import { readPage, wantedPage } from './generated-document.ts';
import { managementPart } from './management-document.ts';
import { serCfgPart } from './ser-cfg-document.ts';

const root = join(import.meta.dirname, '..');

for (const part of [commandsPart, configurationPart, serCfgPart, managementPart]) {
  test(`docs/${part.page} says what the code says`, () => {
    assert.equal(readPage(part), wantedPage(part), `run: node ${part.maker}`);
  });
}

test('links between documents lead somewhere', () => {
  const pages = globSync(['*.md', 'docs/**/*.md', 'src/**/*.md'], { cwd: root });
  assert.ok(pages.length > 5);
  const broken = pages.flatMap((page) => {
    const links = readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g);
    const targets = [...links].map(([, target]) => target!).filter((target) => !/^[a-z]+:/.test(target));
    return targets.filter((target) => !existsSync(join(root, dirname(page), target))).map((t) => `${page}: ${t}`);
  });
  assert.deepEqual(broken, []);
});

test('documents that the sources point to are there', () => {
  const sources = globSync(['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', '*.cjs'], { cwd: root });
  const broken = sources.flatMap((file) => {
    const named = readFileSync(join(root, file), 'utf8').matchAll(/\bdocs\/[\w/.-]*\.md/g);
    return [...named].filter(([path]) => !existsSync(join(root, path))).map(([path]) => `${file}: ${path}`);
  });
  assert.deepEqual(broken, []);
});

test('decisions are numbered without gaps', () => {
  const numbers = globSync('docs/decisions/*.md', { cwd: root }).map((path) => Number(/(\d{4})-/.exec(path)?.[1]));
  assert.deepEqual(
    numbers.sort((a, b) => a - b),
    numbers.map((_, i) => i + 1),
  );
});
