/** What codes.test.ts and the process that it kills share. */
import { join } from 'node:path';
import type { Storage } from '../core/storage/types.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { openStorage } from './open.ts';

export const PIN = 'geheim';
export const PEOPLE = 20;

export function codeStorage(dir: string): Promise<Storage> {
  return openStorage({
    main: `sqlite:${join(dir, 'gatehouse.db')}`,
    auditDir: join(dir, 'audit'),
    auditKey: Buffer.alloc(32, 7),
    backupDir: join(dir, 'backup'),
    log: silentLog,
    clock: systemClock,
  });
}
