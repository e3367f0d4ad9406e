// peers: python3
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { lab } from './lab.ts';

const DEADLINE_MS = 30_000;
const GATEHOUSE = join(import.meta.dirname, '../../bin/gatehouse');

test('`gatehouse exchange`: modems that programs can dial with, what is typed happens to them, and all is gone at the end', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-exchange-'));
  const line = join(folder, 'modem1');
  const numbers = ['555=telnet://[::1]', '556=tcp://bbs.test:7'];
  const exchange = spawn(
    process.execPath,
    [GATEHOUSE, 'exchange', '--dir', folder, '--lines', '2', '--number', ...numbers],
    { stdio: 'pipe' },
  );
  t.after(() => {
    exchange.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });
  const { heard, type } = conversation(exchange);
  const done = async (text: string) => {
    type(`${text}show\n`);
    await heard(/^tcp2 /m);
  };
  await heard(
    /^modem2 +1002 +\/\S+\/modem2 +command\ntcp1 +555 +telnet:\/\/\[::1\]:23 +command\ntcp2 +556 +tcp:\/\/bbs\.test:7 +command$/m,
  );
  assert.match(readlinkSync(line), /^\/dev\/pts\/\d+$/);

  // As any terminal program.
  const script = 'exec 3<>"$0"; stty raw -echo clocal <&3; cat <&3 & exec cat >&3';
  const terminal = spawn('/bin/bash', ['-c', script, line], { stdio: ['pipe', 'pipe', 'ignore'] });
  // Both ends go: what it types, and the line.
  t.after(() => void terminal.stdin.end());
  const modem = conversation(terminal);
  modem.type('ATE0\r');
  await modem.heard(/OK/);
  type('lift 2\nlift 9\nnoise 1 5000\nturn 1\n');
  await heard(/there is no line `9`[\s\S]*from 0 to 1000, but is `5000`[\s\S]*there is no `turn`/);
  modem.type('ATDT1002\r');
  await modem.heard(/BUSY/);
  await done('hang 2\ncut 1\n');
  modem.type('ATDT1002\r');
  await modem.heard(/NO DIALTONE/);
  await done('mend 1\n');
  modem.type('ATDT1002\r');
  do type('show\n');
  while (!(await heard(/^modem2 .* (command|ringing)$/m)).includes('ringing'));

  exchange.kill('SIGTERM');
  assert.deepEqual(await once(exchange, 'exit'), [0, null]);
  assert.equal(existsSync(line), false);
});

test('numbers of the exchange that cannot be', async () => {
  const { gatehouse } = lab();
  for (const [number, said] of [
    ['555', /`555` is no number with an address/],
    ['555=http://example.com', /no number with an address/],
    ['1002=tcp://127.0.0.1:7', /1002 is taken already/],
    ['5=tcp://127.0.0.1:99999', /the port: must be a whole number from 1 to 65535/],
  ] as const) {
    const { code, err } = await gatehouse('exchange', '--dir', '/nowhere', '--lines', '2', '--number', number);
    assert.equal(code, 2);
    assert.match(err, said);
  }
});

/** What it says, on both outputs, and what is typed to it. */
function conversation({ stdin, stdout, stderr }: ChildProcess) {
  let said = '';
  let wake = () => {};
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('latin1').on('data', (text: string) => {
      said += text;
      wake();
    });
  }
  return {
    type: (text: string) => void stdin!.write(text),
    /** Used up when it came. */
    async heard(what: RegExp): Promise<string> {
      const late = AbortSignal.timeout(DEADLINE_MS);
      for (;;) {
        const found = what.exec(said);
        if (found) {
          said = said.slice(found.index + found[0].length);
          return found[0];
        }
        assert.ok(!late.aborted, `${what} was not said, but ${said}`);
        await Promise.race([delay(1_000), new Promise<void>((resolve) => (wake = resolve))]);
      }
    },
  };
}
