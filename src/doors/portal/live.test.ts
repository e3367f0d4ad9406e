/** A reload while the door runs: what changes at once, what waits, and that nobody is put out but who is blocked now. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProgramRun } from '../../platform/helper/types.ts';
import { silentLog } from '../../platform/log.ts';
import { DEFAULTS, type PortalSettings, settingsOfEach } from './config/model.ts';
import { createPortalDoor, type PortalParts } from './door.ts';
import type { Firewall } from './firewall/firewall.ts';
import { changedLive, differences, nextOfEach, waitingForStart } from './live.ts';
import { MacLists } from './mac-lists.ts';

const SETTINGS = { ...DEFAULTS, interface: 'lan' };
const [ONE, TWO, THREE] = ['02:00:5e:10:00:01', '02:00:5e:10:00:02', '02:00:5e:10:00:03'] as const;

test('what a reload can change, and what waits for a start', () => {
  const next = { ...SETTINGS, name: 'New', port: 80, blocked_macs: [ONE], binauth: '/p', ndsctl_socket: '/s' };
  assert.deepEqual(differences(SETTINGS, next), {
    live: ['name', 'blocked_macs', 'binauth'],
    waiting: ['port', 'ndsctl_socket'],
  });
  assert.deepEqual(differences(next, structuredClone(next)), { live: [], waiting: [] });
  assert.deepEqual(changedLive(SETTINGS, next), { ...SETTINGS, name: 'New', blocked_macs: [ONE], binauth: '/p' });
});

test('what is new of one interface holds on that one, whatever their order; another interface waits for a start', () => {
  const two = { ...SETTINGS, interface: 'a', interfaces: [{ interface: 'a', name: 'A' }, { interface: 'b' }] };
  const next = {
    ...two,
    interface: 'b',
    interfaces: [
      { interface: 'b', name: 'B' },
      { interface: 'a', name: 'New' },
    ],
  };
  const each = settingsOfEach(two);
  const namesOf = (after: PortalSettings) => nextOfEach(each, after).map(({ name }) => name);
  assert.deepEqual(namesOf(next), ['New', 'B']);
  assert.deepEqual(
    namesOf({ ...SETTINGS, interface: 'b', name: 'Only' }),
    ['A', 'Only'],
    'the other keeps what was its own',
  );
  assert.deepEqual(
    waitingForStart(two, { ...two, interfaces: [{ interface: 'a', name: 'New' }, { interface: 'b' }] }),
    [],
  );
  assert.deepEqual(waitingForStart(two, { ...two, interfaces: [{ interface: 'a' }, { interface: 'c' }] }), [
    'interfaces',
  ]);
});

test('lists follow the configuration; what ndsctl said of others stays', async () => {
  const asked: string[] = [];
  const firewall = {
    list: async (name: string, mac: string, isIn: boolean) => void asked.push(`${name} ${mac} ${isIn}`),
  };
  const before = { ...SETTINGS, trusted_macs: [ONE], blocked_macs: [TWO] };
  const lists = new MacLists(before, firewall as unknown as Firewall, () => true);
  await lists.put('trusted', THREE, true);
  asked.length = 0;
  await lists.follow(before, { ...before, trusted_macs: [], blocked_macs: [ONE, TWO] });
  assert.deepEqual(asked, [`blocked ${ONE} true`, `trusted ${ONE} false`]);
  assert.deepEqual([lists.all('trusted'), lists.all('blocked')], [[THREE], [TWO, ONE]]);
});

test('a change is told, and in force when it is adopted, not before', async () => {
  const runs: ProgramRun[] = [];
  const done = Promise.withResolvers<void>();
  const programs = {
    async run(request: ProgramRun) {
      runs.push(request);
      done.resolve();
      return { exitCode: 0, signal: null, timedOut: false, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    },
  };
  const parts = { settings: SETTINGS, programs, log: silentLog, clock: { now: () => 0 } } as unknown as PortalParts;
  const door = createPortalDoor(parts);
  const change = door.prepare({ ...SETTINGS, name: 'New', port: 80, blocked_macs: [ONE] });
  assert.deepEqual(change.changed, ['portal.name', 'portal.blocked_macs']);
  assert.deepEqual(change.waiting, [{ what: 'portal.port' }]);
  assert.equal(runs.length, 0);
  change.adopt();
  await done.promise;
  assert.match(Buffer.from(runs[0]!.stdin!).toString(), new RegExp(`blocked \\{ ${ONE} \\}`));
  const again = door.prepare({ ...SETTINGS, name: 'New', port: 80, blocked_macs: [ONE] });
  assert.deepEqual(again.changed, []);
  assert.deepEqual(again.waiting, [{ what: 'portal.port' }], 'it still waits');
});
