// peers: python3
/** Who gave the right proof and is not let in all the same: by a hook that refuses, hangs, lies or dies, or since he has his sessions already. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hooksConfig } from '../../core/hooks/config.ts';
import { HookSet } from '../../core/hooks/hook-set.ts';
import { programHook } from '../../core/hooks/program.ts';
import { SessionDirectory } from '../../core/sessions/directory.ts';
import { systemClock } from '../../platform/clock.ts';
import { openHelper } from '../../platform/helper/helper.ts';
import { silentLog } from '../../platform/log.ts';
import { answerCall, askForCall, type DialLab, dialLab, gone, until } from './lab.ts';

test('a hook that refuses, hangs, lies or dies: nobody is in, the line is free again, and the trail says why', async (t) => {
  const helper = openHelper();
  t.after(() => helper.close());
  const [config] = hooksConfig.parse([{ name: 'house', program: '/bin/true', timeout_seconds: 0.5, again_seconds: 0 }]);
  let file = '';
  const hook = { ...programHook('', helper), ask: (...asked: Asked) => programHook(file, helper).ask(...asked) };
  const hooks = new HookSet({ hooks: [{ config: config!, hook }], clock: systemClock, log: silentLog });
  const lab = await dialLab(t, { gate: { hooks } });
  await prepare(lab, 'no_password');
  const faults = {
    'echo "closed today"; exit 1': 'house: closed today',
    'exec sleep 1000': 'house: its time was over',
    'echo come in': 'house: it printed no numbers: come in',
    'kill -9 $$': 'house: it was ended by SIGKILL',
  };
  for (const [i, [script, rule]] of Object.entries(faults).entries()) {
    file = join(lab.folder, `hook${i}`);
    writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    await isTold(lab, 'You may not come in here, or not now.');
    await lab.audit('refused', { user: 'userxyz', reason: 'hook', rule });
  }
  assert.equal(hooks.health()[0]?.code, 'HOOK_FAILED');
  assert.deepEqual([...lab.door.sessions()], []);
});
type Asked = Parameters<ReturnType<typeof programHook>['ask']>;

test('who is in already as often as a rule lets him is told so', async (t) => {
  const other = {
    session: 'dial:1',
    door: 'dial',
    user: 'userxyz',
    client: '1009',
    started: 0,
    expires: 0,
    detail: {},
  };
  const elsewhere = { name: 'dial', sessions: () => [other] } as unknown as DialLab['door'];
  const lab = await dialLab(t, { gate: { sessions: new SessionDirectory(() => [elsewhere]) } });
  await prepare(lab, 'no_password, max_sessions=1');
  await isTold(lab, 'You have as many sessions as you may have.');
  await lab.audit('refused', { user: 'userxyz', reason: 'max-sessions', rule: 'rule' });
  assert.deepEqual([...lab.door.sessions()], []);
});

async function prepare(lab: DialLab, action: string): Promise<void> {
  lab.add('userxyz', 'secret');
  await lab.numbers.add('local:userxyz', 'home', '1001', []);
  const base = { scope: 'dial', user: '', realm: '', client: '', time: '', active: true };
  lab.rules.replace([{ ...base, name: 'rule', action }]);
}

async function isTold(lab: DialLab, what: string): Promise<void> {
  // The call back begins where the door's own line is free again.
  await until(() => lab.exchange.lines[1]!.state === 'command');
  await askForCall(lab, 'userxyz', 'home');
  const { call, script } = await answerCall(lab);
  await script.expect('ogin:');
  script.send('userxyz');
  await script.expect(what);
  await gone(call);
  await lab.caller.hangUp();
}
