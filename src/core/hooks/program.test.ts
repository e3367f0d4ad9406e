import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openHelper } from '../../platform/helper/helper.ts';
import { programHook } from './program.ts';
import type { HookedSession } from './types.ts';

const WITHIN = 20_000;
const SESSION: HookedSession = {
  door: 'sip',
  user: '$(id)@example.com',
  client: '192.0.2.1',
  session: 'sip:1 2',
  started: 1_700_000_000_000,
};

function hookOf(t: TestContext, script: string) {
  const folder = mkdtempSync(join(tmpdir(), 'hook-'));
  const helper = openHelper();
  t.after(async () => {
    await helper.close();
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'hook');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return programHook(file, helper);
}

test('its arguments, as they are', async (t) => {
  const hook = hookOf(t, 'printf "%s|" "$@"; exit 1');
  const said = { admitted: false, reason: 'admit|sip|$(id)@example.com|192.0.2.1|sip:1 2|1700000000|' };
  assert.deepEqual(await hook.ask(SESSION, WITHIN), said);
  const notice = hookOf(t, '[ "$*" = "ended sip \\$(id)@example.com 192.0.2.1 sip:1 2 1700000000 1700000060 logout" ]');
  const event = { event: 'ended', ended: SESSION.started + 60_000, reason: 'logout', ...SESSION } as const;
  await notice.tell(event, WITHIN);
  await assert.rejects(notice.tell({ ...event, reason: 'kicked' }, WITHIN), {
    code: 'HOOK_FAILED',
    message: /status was 1/,
  });
});

test('what it says', async (t) => {
  const answers: Record<string, object> = {
    'exit 0': { admitted: true, terms: {} },
    'echo 600': { admitted: true, terms: { seconds: 600 } },
    'echo 600 1000 2000': { admitted: true, terms: { seconds: 600, upload: 1000, download: 2000 } },
    'echo 0 0 7': { admitted: true, terms: { download: 7 } },
    'echo closed today; exit 3': { admitted: false, reason: 'closed today' },
    'exit 1': { admitted: false, reason: '' },
  };
  for (const [script, answer] of Object.entries(answers))
    assert.deepEqual(await hookOf(t, script).ask(SESSION, WITHIN), answer, script);
});

test('what is no answer: it prints no numbers, dies, hangs, is gone', async (t) => {
  for (const [script, what] of Object.entries({
    'echo sure': /printed no numbers: sure/,
    'echo 1 2 3 4': /printed no numbers/,
    'echo 1 2 3 4 5 6': /printed no numbers/,
    'echo -5': /printed no numbers/,
    'echo 99999999': /more than 31536000 seconds/,
    'kill -9 $$': /ended by SIGKILL/,
  }))
    await assert.rejects(hookOf(t, script).ask(SESSION, WITHIN), { code: 'HOOK_FAILED', message: what }, script);
  await assert.rejects(hookOf(t, 'exec sleep 1000').ask(SESSION, 500), {
    code: 'HOOK_FAILED',
    message: 'its time was over',
  });
  const helper = openHelper();
  t.after(() => helper.close());
  await assert.rejects(programHook('/nowhere', helper).ask(SESSION, WITHIN), { code: 'PROGRAM_START' });
});
