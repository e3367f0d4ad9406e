// peers: postgres
import { after, before, test } from 'node:test';
import { storageContract } from '../../src/storage/storage.contract.ts';
import { type Postgres, postgresMissing, startPostgres } from './postgres.ts';

function suite(): void {
  let server: Postgres;
  const endings: (() => Promise<void>)[] = [];

  before(async () => {
    server = await startPostgres({ after: (work) => void endings.push(work) });
  });
  after(async () => {
    for (const work of endings) await work();
  });

  storageContract('postgres', () => server.freshDatabase());
}

if (postgresMissing) test('storage over PostgreSQL', { skip: postgresMissing }, () => {});
else suite();
