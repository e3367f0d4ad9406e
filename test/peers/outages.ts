/**
 * Outages of the database under load. In each: calls between users who are known go on, what cannot be made durable is refused with
 * 503 and Retry-After in time, health and log say so, all recovers by itself, and nothing that was acknowledged is lost.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { header, statusOf } from '../sip-client.ts';
import { auditKnows } from './crash.ts';
import type { CuttingProxy } from './cutting-proxy.ts';
import type { Instance, Site } from './gatehouse.ts';
import type { Storm } from './storm.ts';

/** A change is given up after 2 s; the rest is for a machine under load. */
const REFUSED_WITHIN_MS = 8_000;
/** Spare telephones: two that are registered, and the first that Gatehouse has not seen yet. */
const [CALLER, CALLED] = [0, 1];
let stranger = 2;

export interface Outage {
  readonly name: string;
  begin(): Promise<unknown>;
  end(): Promise<unknown>;
  /** A user whom Gatehouse has not seen cannot be asked for: also refused. */
  readonly unreadable: boolean;
}

export interface Scene {
  readonly site: Site;
  readonly storm: Storm;
  server: Instance;
}

interface Health {
  readonly ok: boolean;
  readonly items: { code: string; text: string; since?: string }[];
}

/** Two telephones register, so that there is somebody to call during an outage. */
export async function prepare({ storm }: Scene): Promise<void> {
  for (const number of [CALLER, CALLED]) assert.equal(statusOf(await storm.change(number)), 200);
}

export async function surviveOutage(t: TestContext, scene: Scene, outage: Outage): Promise<void> {
  const { site, storm, server } = scene;
  const before = server.output().length;
  storm.start();
  await storm.until(({ acknowledged }) => acknowledged > 100);
  const began = Date.now();
  await outage.begin();
  try {
    await storm.until(({ answers }) => (answers.get(503) ?? 0) > 150);
    const since = await downSince(site);
    assert.ok(since >= began - 1000, `away since ${new Date(since).toISOString()}`);
    assert.match(site.run('status').stdout, /STORAGE_DOWN.*20\d\d-/);
    const call = await storm.call(CALLER, CALLED);
    assert.deepEqual([call.status, call.rang], [486, call.owed], 'a call between known users');
    if (outage.unreadable) {
      const refused = await storm.change(stranger++);
      assert.equal(statusOf(refused), 503);
      assert.ok(Number(header(refused!, 'Retry-After')) > 0);
    }
  } finally {
    await outage.end();
  }
  const there = storm.tally.acknowledged;
  await storm.until(({ acknowledged }) => acknowledged > there + 100);
  await storm.stop();
  assert.ok((await health(site)).ok);
  const { acknowledged, answers, unanswered, slowestRefusal } = storm.tally;
  assert.deepEqual([...answers.keys()].sort(), [200, 486, 503]);
  assert.equal(unanswered, 0);
  assert.ok(slowestRefusal < REFUSED_WITHIN_MS, `refused after ${slowestRefusal} ms`);
  const log = server.output().slice(before);
  assert.equal(log.split('the database is away').length - 1, 1, log);
  assert.equal(log.split('the database is back').length - 1, 1, log);
  assert.deepEqual(await storm.losses(), []);
  await nothingWaits(site);
  t.diagnostic(
    `${outage.name}: ${acknowledged} acknowledged, 0 lost; ${answers.get(503)} refused, after ${Math.round(slowestRefusal)} ms at most`,
  );
}

/** The connection is cut again and again around the statements that match: they are made once more, and a 200 stays true. */
export async function surviveCuts(
  t: TestContext,
  { site, storm }: Scene,
  proxy: CuttingProxy,
  match: RegExp,
): Promise<void> {
  storm.start();
  proxy.every(4, match);
  await storm.until(({ acknowledged }) => acknowledged > 200 && proxy.cuts.after > 8);
  proxy.every(0);
  await storm.stop();
  assert.deepEqual(await storm.losses(), []);
  await nothingWaits(site);
  const { acknowledged, answers } = storm.tally;
  // Of four attempts one is cut, so that all succeed within their time; a batch that waits in vain is more telephones than that.
  assert.ok((answers.get(503) ?? 0) < 40, `${answers.get(503)} refused`);
  t.diagnostic(`${JSON.stringify(proxy.cuts)} cut, ${acknowledged} acknowledged, ${answers.get(503) ?? 0} refused`);
}

/** After all outages: what memory says is also what the disk says. */
export async function restartAndCompare(scene: Scene): Promise<void> {
  scene.storm.cut();
  await scene.server.stop('SIGKILL');
  scene.server = await scene.site.start();
  assert.deepEqual(await scene.storm.losses(true), []);
  auditKnows(scene.site, scene.storm);
}

/** Questions are refused at once, while a write is tried for 2 s before the database counts as away. */
async function downSince(site: Site): Promise<number> {
  for (let patience = Date.now() + 15_000; ; ) {
    const { items } = await health(site);
    const down = items.find(({ code }) => code === 'STORAGE_DOWN');
    if (down) return Date.parse(down.since!);
    assert.ok(Date.now() < patience, `health says ${JSON.stringify(items)}`);
    await sleep(50);
  }
}

async function health(site: Site): Promise<Health> {
  return (await fetch(`http://127.0.0.1:${site.httpPort}/healthz`)).json() as Promise<Health>;
}

/** No run, no change and no look-up stays behind. */
async function nothingWaits(site: Site): Promise<void> {
  const text = await (await fetch(`http://127.0.0.1:${site.httpPort}/metrics`)).text();
  for (const name of ['gatehouse_sip_waiting', 'gatehouse_storage_waiting', 'gatehouse_users_waiting']) {
    assert.match(text, new RegExp(`^${name}(\\{.*\\})? 0$`, 'm'), name);
  }
}
