// peers: python3
/** The story of a call back, and who is not let in: a real exchange and modems in memory, a real gate. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { answerCall, askForCall, callOf, DEADLINE, dialLab, gone, Script, until } from './lab.ts';

test('name, alias, hang-up, call back, login, prompt; then who says so and kick ends it', async (t) => {
  // A pppd says what went through when it is told to end.
  const program =
    'trap \'echo "Sent 160 bytes, received 96 bytes." >&2; exit\' TERM; echo ready; while :; do sleep 0.1; done';
  const ppp = { name: 'start_ppp', kind: 'ppp', program: '/bin/sh', arguments: ['-c', program] };
  const lab = await dialLab(t, { dial: { commands: [ppp] } });
  lab.add('userxyz', 'secret');
  await lab.numbers.add('local:userxyz', 'home', '1001', []);
  const first = await askForCall(lab, 'userxyz', 'userxyz-home');
  assert.match(first.heard, /home\s+Call back at: userxyz-home\s+You will be called back/);
  const { call, script, from } = await answerCall(lab);
  assert.equal(from, '1002');
  await script.expect('ogin:');
  script.send('userxyz');
  await script.expect('assword:');
  script.send('secret');
  assert.doesNotMatch(await script.expect('>'), /secret/);
  const [session] = [...lab.door.sessions()];
  assert.deepEqual([session?.user, session?.client, session?.detail.line], ['userxyz', '1001', 'modem2']);
  script.send('help');
  await script.expect('start_ppp, exit');
  await script.expect('>');
  script.send('start_ppp');
  await script.expect('ready');
  assert.ok(await lab.door.end(session!.session, 'kicked'));
  await gone(call);
  assert.deepEqual([...lab.door.sessions()], []);
  assert.deepEqual(
    lab.audited().map(({ event, reason, result }) => [event, reason ?? result].join(' ').trim()),
    ['challenge', 'called-back connected', 'opened', 'ended kicked'],
  );
  await until(() => lab.history().at(-1)?.sent !== undefined);
  const { user, reason, sent, received } = lab.history().at(-1)!;
  assert.deepEqual([user, reason, sent, received], ['userxyz', 'kicked', 96, 160]);
});

test('who is not let in: foreign aliases, numbers, names that nobody has, other users, and who hangs up in the password', async (t) => {
  const lab = await dialLab(t);
  lab.add('userxyz', 'secret');
  lab.add('other', 'sesame');
  await lab.numbers.add('local:userxyz', 'home', '1001', []);
  await lab.numbers.add('local:other', 'office', '1002', []);
  const requests = [
    ['userxyz', 'office', 'wrong-proof'],
    ['userxyz', '1001', 'wrong-proof'],
    ['userxyz', '+493023125000', 'wrong-proof'],
    ['nobody', 'home', 'unknown-user'],
  ] as const;
  const heard: string[] = [];
  for (const [user, to, reason] of requests) {
    const script = await askForCall(lab, user, to);
    heard.push(script.heard.replaceAll(to, '').replace(/home|office/, ''));
    await lab.audit('refused', { user, reason });
  }
  // The same words for all.
  assert.equal(new Set(heard).size, 1, heard.join('\n'));

  // The second leg is for who was called, and for a whole login.
  await askForCall(lab, 'userxyz', 'home');
  const { call, script } = await answerCall(lab);
  await script.expect('ogin:');
  script.send('other');
  await script.expect('assword:');
  script.send('sesame');
  await script.expect('incorrect');
  await lab.audit('refused', { user: 'other', reason: 'not-called', called: 'userxyz' });
  await script.expect('ogin:');
  script.send('userxyz');
  await script.expect('assword:');
  call.write(Buffer.from('secr'));
  await lab.caller.hangUp();
  await lab.audit('refused', { user: 'userxyz', reason: 'hung-up' });
  // Whoever calls next takes nothing over: he is asked for a name and an alias.
  await askForCall(lab, 'userxyz', 'secret');
  await until(() => lab.audited().filter(({ reason }) => reason === 'wrong-proof').length === 4);
  assert.deepEqual([...lab.door.sessions()], []);
  assert.equal(
    lab.audited().some(({ event }) => event === 'opened'),
    false,
  );
});

test('who stays on the line and plays dial tone is not taken for the user: the call is made with a dial tone or not at all', async (t) => {
  // The caller holds the line: the exchange gives it free only when he has hung up.
  const lab = await dialLab(t, { exchange: { releaseMs: Number.POSITIVE_INFINITY } });
  lab.add('userxyz', 'secret');
  await lab.numbers.add('local:userxyz', 'home', '1001', []);
  lab.exchange.telephone(0, true);
  const call = callOf(await lab.caller.dial('1002', DEADLINE));
  const script = new Script(call);
  await script.expect('ogin:');
  script.send('userxyz');
  await script.expect('for userxyz:');
  script.send('home');
  await lab.audit('called-back', { user: 'userxyz', result: 'no dialtone' });
  await lab.audit('called-back', { user: 'userxyz', result: 'given up' });
  assert.deepEqual([...lab.door.sessions()], []);
  lab.exchange.telephone(0, false);
});

test('who answers in the modem’s words is hung up all the same, and takes no call back', async (t) => {
  const lab = await dialLab(t, { dial: { call_back: { attempts: 1 } } });
  lab.add('userxyz', 'secret');
  await lab.numbers.add('local:userxyz', 'home', '1001', []);
  const base = { scope: 'dial', realm: '', client: '', time: '', active: true };
  lab.rules.replace([{ ...base, name: 'quick', user: '*', action: 'no_password' }]);
  const call = callOf(await lab.caller.dial('1002', DEADLINE));
  let heard = '';
  const say = (text: string) => call.write(Buffer.from(`\r\n${text}\r\n`, 'latin1'));
  call.listen((bytes) => {
    const before = heard.length;
    heard += bytes.toString('latin1');
    if (heard.includes('login: ') && before === 0) call.write(Buffer.from('userxyz\rhome\r'));
    if (heard.endsWith('called back.\r\n')) say('NO CARRIER');
    if (/AT[^\r]*\r$/.test(heard)) say(heard.endsWith('?\r') ? '000\r\n\r\nOK' : 'OK');
    if (/ATDT[^\r]*\r$/.test(heard)) say('CONNECT 57600');
  });
  await gone(call);
  await lab.caller.hangUp();
  assert.ok(await lab.caller.waitForRing(DEADLINE));
  await lab.audit('called-back', { user: 'userxyz', result: 'given up' });
  assert.doesNotMatch(heard, /AT/);
  assert.equal(
    lab.audited().some(({ event }) => event === 'opened'),
    false,
  );
});

test('names tried one after the other: each is written down, and the gate slows them; the dialogue stays the same', async (t) => {
  const lab = await dialLab(t);
  lab.add('userxyz', 'secret');
  await lab.numbers.add('local:userxyz', 'home', '1001', []);
  for (let i = 0; i < 6; i++) await askForCall(lab, 'userxyz', `guess${i}`);
  await lab.audit('refused', { user: 'userxyz', reason: 'slowed' });
  assert.equal(lab.audited().filter(({ reason }) => reason === 'wrong-proof').length, 5);
});

test('a line that rings is not dialled on: the call back is given up, and whoever rings is asked for a name', async (t) => {
  const lines = (path: string) => [{ name: 'front', device: path, flow_control: 'none', rings: 15 }];
  const lab = await dialLab(t, { lines, dial: { call_back: { wait: 0.1 } } });
  lab.add('userxyz', 'secret');
  await lab.numbers.add('local:userxyz', 'home', '1001', []);
  const dialled = lab.caller.dial('1002', DEADLINE);
  await until(() => lab.exchange.lines[1]!.state === 'ringing');
  // As another door would ask.
  assert.ok(await lab.door.callBack('userxyz', '', 'home', '192.0.2.7'));
  await lab.audit('called-back', { user: 'userxyz', line: 'front', result: 'glare' });
  await dialled;
  assert.deepEqual([...lab.door.sessions()], []);
  assert.equal(await lab.door.callBack('userxyz', '', 'nowhere', '192.0.2.7'), false);
  await lab.audit('refused', { user: 'userxyz', client: '192.0.2.7', reason: 'wrong-proof' });
});

test('commands: shell by policy only, a person’s terminal, and a program that is missing', async (t) => {
  const lab = await dialLab(t, {
    dial: {
      commands: [
        {
          name: 'console',
          kind: 'terminal',
          program: '/bin/sh',
          arguments: ['-c', 'tty; stty -a; read x; echo "got $x $1"; read x', 'sh', '%u'],
        },
        { name: 'shell', kind: 'terminal', program: '/bin/sh', shell: true },
        { name: 'start_ppp', kind: 'ppp', program: '/nowhere/pppd' },
      ],
    },
  });
  lab.add('userxyz', 'secret');
  await lab.numbers.add('local:userxyz', 'home', '1001', []);
  const base = { scope: 'dial', realm: '', client: '', time: '', active: true };
  const logIn = async () => {
    await askForCall(lab, 'userxyz', 'home');
    const { call, script } = await answerCall(lab);
    await script.expect('ogin:');
    script.send('userxyz');
    await script.expect('>');
    return { call, script };
  };
  lab.rules.replace([{ ...base, name: 'quick', user: '*', action: 'no_password' }]);
  const one = await logIn();
  one.script.send('shell');
  await one.script.expect('no such command');
  one.script.send('console');
  await one.script.expect('/dev/pts/');
  assert.match(await one.script.expect('echoctl'), / icanon[\s\S]* echo /);
  one.script.send('hello');
  await one.script.expect('got hello userxyz');
  one.script.send('end');
  await gone(one.call);
  await lab.caller.hangUp();
  await lab.audit('ended', { user: 'userxyz', reason: 'logout' });
  lab.rules.replace([{ ...base, name: 'quick', user: '*', action: 'no_password, shell' }]);
  const two = await logIn();
  two.script.send('help');
  await two.script.expect('console, shell, start_ppp, exit');
  two.script.send('start_ppp');
  await gone(two.call);
  await lab.caller.hangUp();
  // The line is answered again.
  callOf(await lab.caller.dial('1002', DEADLINE));
});

test('a shell that does not want to end when its caller hangs up is ended, and hears nothing of who calls next', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-shell-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'heard');
  const stubborn = `trap '' HUP TERM; echo ready $$; while :; do read x && echo "$x" >> ${file} || sleep 0.05; done`;
  const lab = await dialLab(t, {
    dial: { commands: [{ name: 'console', kind: 'terminal', program: '/bin/sh', arguments: ['-c', stubborn] }] },
  });
  lab.add('userxyz', 'secret');
  await lab.numbers.add('local:userxyz', 'home', '1001', []);
  await askForCall(lab, 'userxyz', 'home');
  const { script } = await answerCall(lab);
  await script.expect('ogin:');
  script.send('userxyz');
  await script.expect('assword:');
  script.send('secret');
  await script.expect('>');
  script.send('console');
  await script.expect('ready ');
  const pid = await script.expect('\r\n');
  script.send('first');
  await until(() => existsSync(file));
  await lab.caller.hangUp();
  await lab.audit('ended', { user: 'userxyz', reason: 'logout' });
  await askForCall(lab, 'second', 'home');
  assert.doesNotMatch(readFileSync(file, 'utf8'), /second|home|CARRIER|RING/);
  assert.equal(existsSync(`/proc/${pid}`), false);
});

test('a line whose device is missing: health says so, the others are answered, and a stop gives all back', async (t) => {
  const lab = await dialLab(t, {
    lines: (path) => [
      { name: 'front', device: path, flow_control: 'none' },
      { name: 'back', device: `${path}-missing`, use: 'call' },
      { name: 'gone', device: `${path}-missing` },
    ],
  });
  const said = () => lab.door.health().map(({ severity, text }) => `${severity} ${text}`);
  await until(() => said().length === 1);
  assert.match(said()[0]!, /^warning the telephone line gone cannot be used: .*LINE_MISSING/);
  await lab.door.stop(20_000);
  // Given back: nobody has the lock any more.
  assert.deepEqual(readdirSync(join(lab.folder, 'lock')), []);
});
