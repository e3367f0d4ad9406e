/** Other terms for who is in, over a firewall that writes down what it is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gate } from '../../core/gate/types.ts';
import type { Change } from '../../core/journal/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { Clients } from './clients.ts';
import { DEFAULTS } from './config/model.ts';
import { Firewall } from './firewall/firewall.ts';
import { Sessions } from './sessions.ts';

const NOW = 1_700_000_000_000;
const ADDRESS = '10.0.0.7';
const CHANGE = { by: 'root' };

async function lab() {
  const time = { now: NOW };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const applied: string[] = [];
  const trouble = { nft: false, journal: false };
  const used = { sent: 0, received: 0 };
  const listing = () => ({
    nftables: [
      { set: { name: 'sent4', elem: [{ elem: { val: ADDRESS, counter: { bytes: used.sent } } }] } },
      { set: { name: 'got4', elem: [{ elem: { val: ADDRESS, counter: { bytes: used.received } } }] } },
    ],
  });
  const firewall = new Firewall({
    async apply(text) {
      if (trouble.nft) throw new GatehouseError('PORTAL_FIREWALL', 'nft refused');
      applied.push(text);
    },
    list: async () => JSON.stringify(listing()),
  });
  const written: Change[] = [];
  const journal = {
    append(unit: readonly Change[], waiter?: { settled(error: GatehouseError | undefined): void }) {
      const error = trouble.journal ? new GatehouseError('STORAGE_UNAVAILABLE', 'away') : undefined;
      if (!error) written.push(...unit);
      setImmediate(() => waiter?.settled(error));
    },
    drain: async () => {},
  };
  const clients = new Clients();
  const sessions = new Sessions({
    settings: DEFAULTS,
    settingsOn: () => ({ upload_kbit: 800, download_kbit: 0 }),
    ...{ clients, firewall, journal, clock, log: silentLog },
    gate: { opened: () => [], ended: () => [] } as unknown as Gate,
    record: () => [],
    tell: () => {},
  });
  const client = clients.meet({ interface: 'lan', address: ADDRESS, mac: '02:00:5e:10:00:01' }, NOW);
  const terms = { most: { sent: 0, received: 5_000 }, rate: { sent: 0, received: 0 } };
  await sessions.open(client, { name: 'portal:1', user: 'carol', seconds: 600, ...terms, event: 'client_auth' });
  applied.length = 0;
  written.length = 0;
  return { sessions, client, applied, written, trouble, used, time };
}

/** The last words of a session's row: started, ends, sent, received, most_sent, most_received, suspended. */
function rowsIn(written: readonly Change[]) {
  return written.flatMap((change) =>
    change.kind === 'insert-row' && change.table.kind === 'portal_session' ? [change.values.slice(5)] : [],
  );
}

test('other terms are in the firewall, in the row and in the list; what was used counts', async () => {
  const { sessions, client, applied, written, used, time } = await lab();
  Object.assign(used, { sent: 100, received: 2_000 });
  time.now += 10_000;
  assert.equal(await sessions.change(client, { ...CHANGE, seconds: 60, download: 3_000, uploadRate: 0 }), true);
  const { session } = client;
  const ends = time.now + 60_000;
  assert.deepEqual(
    [session?.ends, session?.most, session?.rate],
    [ends, { sent: 0, received: 3_000 }, { sent: 0, received: 0 }],
  );
  assert.deepEqual(rowsIn(written), [[NOW, ends, 0, 0, 0, 3_000, 0]], 'the firewall still has what it has counted');
  const rate = written.findLast((change) => change.kind === 'insert-row');
  assert.deepEqual([rate?.table.table, rate?.values.slice(1)], ['gh_portal_rate', [0, 0]], 'kept over a restart');
  const [line] = written.flatMap((change) => (change.kind === 'audit' ? [JSON.parse(change.line)] : []));
  assert.deepEqual(
    [line.event, line.session, line.by, line.terms],
    ['changed', 'portal:1', 'root', 'seconds=60 download=3000 uploadRate=0'],
  );
  const text = applied.join('');
  assert.match(text, /delete limit inet gatehouse_portal sent_10_0_0_7\n/, 'the rate that it had is gone');
  assert.doesNotMatch(text.slice(text.lastIndexOf('delete ')), /limit/);
  assert.match(text, /add quota inet gatehouse_portal got_10_0_0_7 \{ over 1000 bytes \}/);
  assert.match(text, /timeout 60000ms/);
});

test('what cannot be written or put in force is not changed', async () => {
  const { sessions, client, applied, written, trouble } = await lab();
  const before = { ...client.session };
  trouble.journal = true;
  await assert.rejects(sessions.change(client, { ...CHANGE, seconds: 60 }), { code: 'STORAGE_UNAVAILABLE' });
  assert.deepEqual([applied, { ...client.session }], [[], before]);
  trouble.journal = false;
  trouble.nft = true;
  await assert.rejects(sessions.change(client, { ...CHANGE, seconds: 60, upload: 9 }), { code: 'PORTAL_FIREWALL' });
  assert.deepEqual({ ...client.session }, before);
  assert.equal(rowsIn(written).at(-1)?.[1], before.ends);
  trouble.nft = false;
  await assert.rejects(sessions.change(client, { ...CHANGE, attributes: [] }), { code: 'SESSION_TERMS' });
  await assert.rejects(sessions.change(client, CHANGE), { code: 'SESSION_TERMS' });
});

test('changes follow each other, and one that comes too late finds nobody', async () => {
  const { sessions, client, written } = await lab();
  const both = [
    sessions.change(client, { ...CHANGE, upload: 10 }),
    sessions.change(client, { ...CHANGE, download: 20 }),
  ];
  assert.deepEqual(await Promise.all(both), [true, true]);
  assert.deepEqual(client.session?.most, { sent: 10, received: 20 });
  assert.deepEqual(rowsIn(written).at(-1)?.slice(4, 6), [10, 20]);
  const late = sessions.change(client, { ...CHANGE, seconds: 5 });
  await sessions.close(client, 'ndsctl_deauth', 'kicked');
  assert.equal(await late, false);
  assert.equal(await sessions.change(client, { ...CHANGE, seconds: 5 }), false);
});
