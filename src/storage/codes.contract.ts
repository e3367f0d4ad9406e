/** People are let in by their codes until the process is killed behind a yes: what was taken once is taken never again. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import type { Storage } from '../core/storage/types.ts';
import { hotp } from '../core/tokens/hotp.ts';
import { gateOver, SEED } from '../core/tokens/lab.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { openStorage } from './open.ts';

export const PIN = 'geheim';
export const PEOPLE = 20;

/** `database`: its address; unset: SQLite. */
export async function codesSurviveKills(t: TestContext, database?: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-codes-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const taken = new Map<number, number>();
  const victim = [join(import.meta.dirname, 'codes.victim.ts'), dir, ...(database === undefined ? [] : [database])];
  for (const kills of [40, 90, 41]) {
    const child = spawn(process.execPath, victim, { stdio: ['ignore', 'pipe', 'inherit'] });
    let lines = 0;
    for await (const line of createInterface(child.stdout)) {
      if (++lines === kills) child.kill('SIGKILL');
      const [who, counter] = line.split(' ').map(Number) as [number, number];
      assert.ok(counter > (taken.get(who) ?? -1), `the code ${counter} of user${who} was taken twice`);
      taken.set(who, counter);
    }
    assert.ok(lines >= kills);
  }
  const storage = await codeStorage(dir, database);
  const { check, desk } = await gateOver(storage.tokens, storage.journal);
  for (const [who, counter] of taken) {
    assert.ok((await desk.show(`T${who}`))!.counter > counter);
    const value = hotp(Buffer.from(SEED, 'hex'), counter, 6, 'sha1');
    assert.equal((await check(`user${who}`, PIN + value)).verdict, 'refused');
  }
  await storage.close();
}

export function codeStorage(dir: string, database = `sqlite:${join(dir, 'gatehouse.db')}`): Promise<Storage> {
  return openStorage({
    main: database,
    auditDir: join(dir, 'audit'),
    auditKey: Buffer.alloc(32, 7),
    backupDir: join(dir, 'backup'),
    log: silentLog,
    clock: systemClock,
  });
}
