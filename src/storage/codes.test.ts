import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { hotp } from '../core/tokens/hotp.ts';
import { gateOver, SEED } from '../core/tokens/lab.ts';
import { codeStorage, PIN } from './codes.contract.ts';

test('no code that was taken is taken again after a kill -9 right behind the yes', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-codes-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const taken = new Map<number, number>();
  for (const kills of [40, 90, 41]) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'codes.victim.ts'), dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let lines = 0;
    for await (const line of createInterface(child.stdout)) {
      if (++lines === kills) child.kill('SIGKILL');
      const [who, counter] = line.split(' ').map(Number) as [number, number];
      assert.ok(counter > (taken.get(who) ?? -1), `the code ${counter} of user${who} was taken twice`);
      taken.set(who, counter);
    }
    assert.ok(lines >= kills);
  }
  const storage = await codeStorage(dir);
  const { check, desk } = await gateOver(storage.tokens, storage.journal);
  for (const [who, counter] of taken) {
    assert.ok((await desk.show(`T${who}`))!.counter > counter);
    const value = hotp(Buffer.from(SEED, 'hex'), counter, 6, 'sha1');
    assert.equal((await check(`user${who}`, PIN + value)).verdict, 'refused');
  }
  await storage.close();
});
