/**
 * Kill -9 in the middle of a storm, again and again on the same data: whatever was acknowledged is there after each start, the server
 * finds the contacts, and the audit trail tells of every session.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { folderFor } from './children.ts';
import { makeSite, type Site } from './gatehouse.ts';
import { Storm } from './storm.ts';

const ROUNDS = process.env.GATEHOUSE_TEST_LONG ? 200 : 20;
const DOMAIN = 'gate.test';
const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'ser.cfg');
/** Telephones of a stormy site that take no part in the storm. */
export const SPARE = 10;

/** `database`: its address; unset: SQLite. */
export async function surviveKills(t: TestContext, database?: string): Promise<void> {
  const { site, storm } = await stormySite(t, database);
  const starts: number[] = [];
  let acknowledged = 0;
  let server = await site.start();
  for (let round = 1; round <= ROUNDS; round++) {
    storm.start();
    await storm.until((tally) => tally.acknowledged >= 10 + ((round * 137) % 500));
    await server.stop('SIGKILL');
    storm.cut();
    acknowledged += storm.tally.acknowledged;
    const begun = performance.now();
    server = await site.start();
    starts.push(Math.round(performance.now() - begun));
    assert.deepEqual(await storm.losses(true), [], `after kill ${round}`);
    await contactsAreFound(storm, round);
  }
  auditKnows(site, storm);
  assert.equal(await server.stop(), 0);
  starts.sort((a, b) => a - b);
  const [median, worst] = [starts[starts.length >> 1], starts.at(-1)];
  t.diagnostic(
    `${ROUNDS} kills, ${acknowledged} changes acknowledged, none lost, ${storm.contacts} contacts at the end`,
  );
  t.diagnostic(`serves again after ${median} ms (median), ${worst} ms (worst)`);
}

/**
 * A site with the users of a storm, not started. `through`: another address of the database, for Gatehouse alone, such as that of a proxy
 * in this process, which stands still while a command is waited for.
 */
export async function stormySite(
  t: TestContext,
  database?: string,
  through?: string,
): Promise<{ site: Site; storm: Storm }> {
  // The rows follow what was acknowledged within a second, so that some kills fall into that.
  const script = join(folderFor(t, 'gatehouse-script'), 'ser.cfg');
  const timer = 'modparam("usrloc", "timer_interval", 1)';
  writeFileSync(script, readFileSync(EXAMPLE, 'utf8').replace(/^modparam\("usrloc", "db_mode", 2\)$/m, `$&\n${timer}`));
  const site = await makeSite(t, { script, domains: [DOMAIN], ...(database === undefined ? {} : { database }) });
  const storm = await Storm.open(t, { server: site.sip, domain: DOMAIN, phones: 200, atOnce: 100, spare: SPARE });
  const imported = site.import(storm.users);
  assert.equal(imported.status, 0, imported.stderr);
  if (database !== undefined && through !== undefined) {
    const file = join(site.folder, 'gatehouse.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(database, through));
  }
  return { site, storm };
}

/** An INVITE reaches the contacts that are owed, and no other. */
export async function contactsAreFound(storm: Storm, first: number): Promise<void> {
  for (let called = first; called < first + 10; called++) {
    const { status, owed, rang } = await storm.call(called + 20, called);
    assert.deepEqual(rang, owed);
    assert.equal(status, owed.length > 0 ? 486 : 404);
  }
}

/** The chain holds, and has a line for each session that was acknowledged and for each end. */
export function auditKnows(site: Site, storm: Storm): void {
  const verified = site.run('audit', 'verify');
  assert.equal(verified.status, 0, verified.stdout + verified.stderr);
  const folder = join(site.folder, 'audit');
  const known = { opened: new Set<string>(), ended: new Set<string>() };
  for (const file of readdirSync(folder).filter((name) => name !== 'audit.head')) {
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
      if (line === '') continue;
      const { event, session } = JSON.parse(line) as { event: string; session: string };
      if (event === 'opened' || event === 'ended') known[event].add(session);
    }
  }
  assert.deepEqual(
    storm.opened.filter((id) => !known.opened.has(id)),
    [],
  );
  assert.deepEqual(
    storm.ended.filter((id) => !known.ended.has(id)),
    [],
  );
}
