import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { planCall } from '../dialer/plan.ts';
import { AccountBook } from './book.ts';

test('the example of a file of accounts can be dialled, and is stored as it stands', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-book-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'accounts.yaml');
  const example = join(import.meta.dirname, '../../../../examples/dial/accounts.yaml');
  copyFileSync(example, file);
  chmodSync(file, 0o600);
  const book = new AccountBook(file);
  const { problems, callBack, modem } = planCall(book, 'office', {});
  assert.deepEqual([problems, callBack, modem.device], [[], 'answered', '/dev/ttyS0']);
  book.write();
  assert.equal(readFileSync(file, 'utf8'), readFileSync(example, 'utf8'));
});
