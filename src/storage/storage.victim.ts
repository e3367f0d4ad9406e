/** A process that writes bindings and prints each acknowledged contact, until it is killed (storage.test.ts). */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { openStorage } from './open.ts';
import { binding, put } from './storage.contract.ts';

const dir = process.argv[2]!;
const storage = await openStorage({
  main: `sqlite:${join(dir, 'gatehouse.db')}`,
  auditDir: join(dir, 'audit'),
  auditKey: Buffer.alloc(32, 7),
  backupDir: join(dir, 'backup'),
  log: silentLog,
  clock: systemClock,
});

let count = 0;
setInterval(() => {
  for (let i = 0; i < 5; i++) {
    const contact = `sip:${count++}@h`;
    const audit = { kind: 'audit', line: `{"contact":"${contact}"}` } as const;
    storage.journal.append([put(binding(contact)), audit], {
      settled: (error) => void (error ?? writeSync(1, `${contact}\n`)),
    });
  }
}, 1);
