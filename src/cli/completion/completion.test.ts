// peers: fish zsh
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lab } from '../lab.ts';

async function script(shell: string): Promise<string> {
  const { code, out } = await lab().gatehouse('completion', shell);
  assert.equal(code, 0);
  return out;
}

/** What bash would offer behind these words; the last one may be begun. */
function offered(completion: string, ...words: string[]): string[] {
  const line = ['gatehouse', ...words].map((word) => `'${word}'`).join(' ');
  const ask = `${completion}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _gatehouse; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', ask], { encoding: 'utf8' });
  assert.equal(stderr, '');
  return stdout.split('\n').filter((word) => word !== '');
}

test('bash: the script parses and offers what the command tree knows', async () => {
  const completion = await script('bash');
  const parsed = spawnSync('bash', ['-n'], { input: completion, encoding: 'utf8' });
  assert.deepEqual([parsed.status, parsed.stderr], [0, '']);
  assert.deepEqual(offered(completion, 'u'), ['up', 'user', 'unlock']);
  assert.deepEqual(offered(completion, 'user', 'e'), ['export']);
  assert.deepEqual(offered(completion, '--data', 'user', 'user', 'pa'), ['passwd']);
  assert.deepEqual(offered(completion, 'user', 'add', '--p'), ['--password-stdin']);
  assert.deepEqual(offered(completion, 'who', '--js'), ['--json']);
  assert.deepEqual(offered(completion, 'check', '/etc/hostn'), ['/etc/hostname']);
});

for (const shell of ['zsh', 'fish']) {
  test(`${shell}: the script parses`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-completion-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, shell);
    writeFileSync(file, await script(shell));
    const parsed = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    assert.deepEqual([parsed.status, parsed.stderr], [0, '']);
  });
}

test('zsh and fish name every command', async () => {
  for (const word of ['check', 'user_import', 'audit_verify'])
    assert.ok((await script('zsh')).includes(`_gatehouse_${word}()`), word);
  for (const word of ['check', 'import', 'verify'])
    assert.match(await script('fish'), new RegExp(` -a ${word} `), word);
});

test('another shell is a usage error', async () => {
  assert.equal((await lab().gatehouse('completion', 'tcsh')).code, 2);
});
