/** What "acknowledged" means, seen from the kernel: the 200 leaves after the disk, or the database server, has said yes. */
// peers: mariadb postgres strace
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { statusOf } from '../sip-client.ts';
import { SPARE, stormySite } from './crash.ts';
import { startMariadb } from './mariadb.ts';
import { startPostgres } from './postgres.ts';
import { strace } from './strace.ts';

const CALLS = 'trace=fsync,fdatasync,write,writev,read,sendto,sendmsg,sendmmsg,recvfrom,pwrite64';
const OK = /^send\w+\(.*SIP\/2\.0 200 /;

test('on SQLite the 200 leaves after fsync of the database and of the audit trail', async (t) => {
  for (const calls of await callsBeforeEach200(t)) {
    for (const file of ['gatehouse.db-wal', 'audit']) {
      const synced = calls.findLastIndex((call) => isSync(call) && call.includes(file));
      const written = calls.findLastIndex(
        (call) => /^p?write/.test(call) && call.includes(`${file}`) && !/head>/.test(call),
      );
      assert.ok(written >= 0 && synced > written, `${file}: ${calls.join('\n')}`);
    }
  }
});

for (const [name, start] of [
  ['MariaDB', startMariadb],
  ['PostgreSQL', startPostgres],
] as const) {
  test(`on ${name} the 200 leaves after its answer to the COMMIT`, async (t) => {
    for (const calls of await callsBeforeEach200(t, (await start(t)).url)) {
      const sent = calls.findLastIndex((call) => /^(write|send)/.test(call) && call.includes('COMMIT'));
      const connection = /\((\d+<[^>]*>)/.exec(calls[sent] ?? '')?.[1] ?? 'none';
      const answered = calls.findLastIndex((call) => /^(read|recv)/.test(call) && call.includes(connection));
      assert.ok(sent >= 0 && answered > sent, calls.join('\n'));
    }
  });
}

/** One registration after the other, each of a new contact: the system calls between one 200 and the next. */
async function callsBeforeEach200(t: TestContext, database?: string): Promise<string[][]> {
  const { site, storm } = await stormySite(t, database);
  const server = await site.start();
  const tracing = await strace(t, server.pid, ['-e', CALLS]);
  for (let number = 0; number < SPARE; number++) assert.equal(statusOf(await storm.change(number)), 200);
  const calls = await tracing.stop();
  const pieces: string[][] = [[]];
  for (const call of calls) {
    if (OK.test(call)) pieces.push([]);
    else pieces.at(-1)!.push(call);
  }
  assert.equal(pieces.length, SPARE + 1, '200s seen');
  return pieces.slice(0, -1);
}

function isSync(call: string): boolean {
  return /^f(data)?sync\(.*= 0/.test(call);
}
