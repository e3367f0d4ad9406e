/**
 * CPU of the gate alone: cached users, a new nonce count and a response check (MD5, qop=auth) each time. One JSON line.
 * BENCH_ROUNDS: how often (default 20).
 */
import assert from 'node:assert/strict';
import { createGate } from '../src/core/gate/gate.ts';
import type { Knock } from '../src/core/gate/types.ts';
import { noHooks } from '../src/core/hooks/hooks.ts';
import { Limits } from '../src/core/limits/limits.ts';
import { PolicyRules } from '../src/core/policy/rules.ts';
import { digestResponse } from '../src/core/proofs/digest.ts';
import { digestHa1 } from '../src/core/proofs/digest-hash.ts';
import { NonceCounts } from '../src/core/proofs/nonce-counts.ts';
import { keyringOf } from '../src/core/secrets/keyring.ts';
import { SessionDirectory } from '../src/core/sessions/directory.ts';
import { RefreshCounts } from '../src/core/sessions/refresh-counts.ts';
import { LocalUsers, passwordSeal } from '../src/core/users/local-users.ts';
import type { UserStore } from '../src/core/users/store.ts';
import { systemClock } from '../src/platform/clock.ts';
import { silentLog } from '../src/platform/log.ts';
import { TimerWheel } from '../src/platform/timer-wheel.ts';

const USERS = 10_000;
const rounds = Number(process.env.BENCH_ROUNDS ?? 20);

const clock = systemClock;
const keyring = keyringOf(Buffer.alloc(32, 1));
const store = {
  find: async (logins: Parameters<UserStore['find']>[0]) =>
    logins.map((login) => {
      const id = Number(login.name.slice('user'.length));
      const password = keyring.seal('secret', passwordSeal(id));
      return {
        login,
        user: { id, logins: [login], email: '', mobile: '', rpid: '', locked: false, password, created: 0 },
      };
    }),
} as Partial<UserStore> as UserStore;
const journal = { append: () => {}, drain: async () => {} };
const source = new LocalUsers({ store, keyring, clock, log: silentLog, useDomain: false });
const gate = createGate({
  clock,
  log: silentLog,
  journal,
  limits: new Limits(new TimerWheel({ clock, onError: console.error }), clock),
  nonceCounts: new NonceCounts({ clock, lifetimeMs: 300_000 }),
  policy: new PolicyRules(),
  hooks: noHooks,
  sessions: new SessionDirectory(() => []),
  refreshes: new RefreshCounts(journal, clock),
  source: () => source,
});

const ha1s = Array.from({ length: USERS }, (_, i) => digestHa1(`user${i}`, 'example.com', 'secret', 'MD5'));

/** Fresh strings as from packets, made outside of the measured time. */
function knocks(round: number): Knock[] {
  return ha1s.map((ha1, i) => {
    const packet = `user${i} example.com ${'f'.repeat(36)}${String(round).padStart(4, '0')} sip:example.com 0a4f113b`;
    const [user = '', realm = '', nonce = '', uri = '', cnonce = ''] = packet.split(' ');
    const proof = {
      kind: 'digest',
      algorithm: 'MD5',
      username: user,
      realm,
      nonce,
      uri,
      method: 'REGISTER',
      qop: 'auth',
    } as const;
    const rest = { cnonce, nc: '00000001', ncValue: 1, body: '', replay: 'count', expired: false } as const;
    const response = digestResponse({ ...proof, ...rest }, ha1);
    const client = { address: `10.0.${i >> 8}.${i & 255}`, port: 5060 };
    return { door: 'sip', user, domain: realm, client, proof: { ...proof, ...rest, response }, time: Date.now() };
  });
}

await Promise.all(knocks(0).map((knock) => gate.prove(knock)));
const costs: number[] = [];
for (let round = 1; round <= rounds; round++) {
  const batch = knocks(round);
  const before = process.cpuUsage();
  for (const knock of batch) gate.prove(knock);
  const { user, system } = process.cpuUsage(before);
  costs.push((user + system) / batch.length);
}
assert.equal(gate.stats.proven, USERS * (rounds + 1));
costs.sort((a, b) => a - b);
const round2 = (n: number) => Math.round(n * 100) / 100;
console.log(
  JSON.stringify({
    bench: 'gate',
    users: USERS,
    rounds,
    cpuMicrosPerProve: round2(costs[costs.length >> 1]!),
    best: round2(costs[0]!),
    worst: round2(costs.at(-1)!),
  }),
);
