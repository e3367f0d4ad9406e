/**
 * The story of KPPP's handbook whole, between real programs: `gatehouse dial` takes over the account of a kppprc, calls the number of `gatehouse up`, says name and alias, is hung up
 * on and called back, logs in by its script, says start_ppp, and bytes go from the one pppd to the other. Then the same with a dialer
 * that is killed while its pppd has the line, and the call that comes after it.
 */
// peers: python3
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startExchange } from '../../src/doors/dial/exchange/exchange.ts';
import { lockLine } from '../../src/doors/dial/line/lock.ts';
import { lockNames } from '../../src/doors/dial/line/lock-names.ts';
import { openModem } from '../../src/doors/dial/modem/modem.ts';
import { DEFAULT_STRINGS } from '../../src/doors/dial/modem/strings.ts';
import { endWith, folderFor } from './children.ts';
import { makeSite } from './gatehouse.ts';

const DEADLINE_MS = 120_000;
const GUARD_MS = 150;
const GATEHOUSE = join(import.meta.dirname, '../../bin/gatehouse');

/** As KPPP keeps the account of its handbook, with the Password line that its script lacks; the escape guard is short. */
const KPPPRC = `[General]
DefaultAccount=office
NumberOfAccounts=1
RedialOnNoCarrier=1
AutomaticRedial=1

[Modem0]
Device=DEVICE
FlowControl=None
InitString=ATZ
PreInitDelay=1
InitDelay=1
DialString=AT&C0S0=1DT
EscapeGuardTime=5

[Account0]
Name=office
Phonenumber=1002
Authentication=0
Username=userxyz
Password=open sesame
StorePassword=1
ScriptCommands=Expect,ID,Expect,Send,Expect,ID,Expect,Password,Expect,Send
ScriptArguments=ogin:,,for userxyz:,userxyz-home,ogin:,,assword:,,>,start_ppp
`;

test('the handbook’s call back: nobody is asked, pppd talks to pppd, S0 is 000; and again after a dialer that was killed', async (t) => {
  const folder = folderFor(t, 'dial-story');
  const locks = join(folder, 'lock');
  mkdirSync(locks);
  const exchange = await startExchange({ directory: join(folder, 'lines'), lines: 2, secondMs: 100 });
  t.after(() => exchange.close());
  const [caller, house] = exchange.lines.map(({ path }) => path) as [string, string];
  const heard = (who: string) => join(folder, `${who}.heard`);
  const pppd = (who: string) => {
    const file = join(folder, `pppd-${who}`);
    writeFileSync(file, STAND_IN.replaceAll('WHO', who).replace('HEARD', heard(who)), { mode: 0o755 });
    return file;
  };
  const yaml = [
    'dial:',
    `  lock_directory: ${locks}`,
    '  lines:',
    `    - { name: front, device: ${house}, flow_control: none, escape_guard: ${GUARD_MS / 1000} }`,
    '  call_back: { wait: 2, random: 0, retry: 2 }',
    '  commands:',
    `    - { name: start_ppp, kind: ppp, program: ${pppd('house')}, arguments: [-detach, silent, modem] }`,
  ];
  const site = await makeSite(t, { yaml: yaml.join('\n') });
  assert.equal(site.import(['userxyz,open sesame']).status, 0);
  assert.equal(site.run('user', 'number', 'add', 'userxyz', 'home', '1001').status, 0);
  const kppprc = join(folder, 'kppprc');
  writeFileSync(kppprc, KPPPRC.replace('DEVICE', caller));
  const taken = site.run('dial', 'account', 'import', kppprc);
  assert.equal(taken.status, 0, taken.stderr);
  const edited = site.run('dial', 'account', 'edit', 'office', `pppd_program=${pppd('caller')}`);
  assert.equal(edited.status, 0, edited.stderr);
  const server = await site.start();

  const story = call();
  assert.deepEqual(await story.ended, [0, null], `${story.said()}\n${server.output()}`);
  assert.match(story.said(), /waiting for the call back.*called back.*Expect assword:.*pppd has the line/s);
  assert.doesNotMatch(story.said(), /sesame/);
  await everythingIsBack();

  rmSync(heard('caller'));
  rmSync(heard('house'));
  const killed = call({ HOLD: '1' });
  await until(() => existsSync(heard('caller')), killed.said);
  // Two at once: the second is told who has the line, and leaves it alone.
  assert.equal(site.run('dial', 'modem', 'edit', 'modem0', 'lock_wait_seconds=1').status, 0);
  const second = call();
  assert.deepEqual(await second.ended, [4, null], second.said());
  assert.match(second.said(), new RegExp(`gatehouse.* dial office.*${killed.pid}|${killed.pid}.*gatehouse`, 's'));
  process.kill(killed.pid, 'SIGKILL');
  assert.deepEqual(await killed.ended, [null, 'SIGKILL']);
  const next = call();
  assert.deepEqual(await next.ended, [0, null], `${next.said()}\n${server.output()}`);
  assert.match(next.said(), /was killed, .*putting things back.*pppd has the line/s);
  await everythingIsBack();

  assert.equal(await server.stop(), 0);
  (await lockLine(house, { waitMs: 0, lockDirectory: locks })).release();
  const { entries } = JSON.parse(site.run('audit', 'list', 'userxyz', '--json').stdout);
  const events = entries.map(({ fields }: { fields: { event: string } }) => fields.event);
  const told = ['challenge', 'opened', 'ended'];
  assert.deepEqual(
    events.filter((event: string) => told.includes(event)),
    [...told, ...told, ...told],
  );

  function call(environment: Record<string, string> = {}) {
    const child: ChildProcess = spawn(process.execPath, [GATEHOUSE, 'dial', 'office', '--data', site.folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    endWith(t, child);
    let text = '';
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (bytes) => (text += String(bytes)));
    return { pid: child.pid!, ended: once(child, 'close'), said: () => text };
  }

  async function everythingIsBack(): Promise<void> {
    for (const who of ['caller', 'house']) assert.match(readFileSync(heard(who), 'latin1'), /every byte came/);
    for (const name of lockNames(caller)) assert.ok(!existsSync(`/var/lock/LCK..${name}`), name);
    await until(() => exchange.lines.every(({ state }) => state === 'command'), server.output);
    const modem = await openModem(caller, { ...DEFAULT_STRINGS, escapeGuardMs: GUARD_MS });
    assert.deepEqual((await modem.command('ATS0?')).lines, ['000']);
    await modem.close();
  }
});

/** Says every byte there is until the other has said it back in reverse; a pppd too says its first frame again until it is heard. */
const STAND_IN = `#!/usr/bin/env python3
import os, select, termios
there, back = bytes(range(256)), bytes(reversed(range(256)))
mine, awaited = (there, back) if "WHO" == "caller" else (back, there)
heard = b""
modes = termios.tcgetattr(0)
modes[2] &= ~termios.CLOCAL
termios.tcsetattr(0, termios.TCSANOW, modes)
while True:
    if "WHO" == "caller" and awaited not in heard:
        os.write(1, mine)
    if not select.select([0], [], [], 0.5)[0]:
        continue
    try:
        data = os.read(0, 4096)
    except OSError:
        break
    if not data:
        break
    before = heard.count(awaited)
    heard += data
    if heard.count(awaited) == before:
        continue
    if "WHO" == "house":
        os.write(1, mine)
    with open("HEARD", "w") as file:
        file.write("every byte came")
    if "WHO" == "caller" and "HOLD" not in os.environ:
        break
`;

async function until(look: () => boolean, what: () => string): Promise<void> {
  for (const end = Date.now() + DEADLINE_MS; !look(); await delay(50))
    if (Date.now() > end) assert.fail(`in vain: ${what()}`);
}
