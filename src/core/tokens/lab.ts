/** Tokens with a gate in front and no database behind, for tests. */
import assert from 'node:assert/strict';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { TimerWheel } from '../../platform/timer-wheel.ts';
import { createGate, type GateParts } from '../gate/gate.ts';
import type { AnswerProof, OtpProof, PasswordProof, Verdict } from '../gate/types.ts';
import { noHooks } from '../hooks/hooks.ts';
import type { Journal } from '../journal/types.ts';
import { Limits } from '../limits/limits.ts';
import { PolicyRules } from '../policy/rules.ts';
import type { PolicyRule } from '../policy/types.ts';
import { NonceCounts } from '../proofs/nonce-counts.ts';
import type { Person } from '../realms/types.ts';
import { SessionDirectory } from '../sessions/directory.ts';
import { RefreshCounts } from '../sessions/refresh-counts.ts';
import { StoredAccount } from '../users/stored-account.ts';
import { Challenges } from './challenges.ts';
import { TokenCodes } from './codes.ts';
import { StoredTokens } from './desk.ts';
import { FAKE_KEYRING, Rows, SlowJournal } from './fake.ts';
import { Pins } from './pins.ts';
import { createTokens } from './service.ts';
import { Shelf } from './shelf.ts';
import type { TokenStore } from './store.ts';
import { StoredSystemConfig } from './system-config.ts';
import type { CodeMessage } from './types.ts';

/** Key of RFC 4226 appendix D. */
export const SEED = Buffer.from('12345678901234567890').toString('hex');
/** Its values, from counter 0 on. */
export const VALUES = [
  '755224',
  '287082',
  '359152',
  '969429',
  '338314',
  '254676',
  '287922',
  '162583',
  '399871',
  '520489',
] as const;

export function person(name: string, changes: Partial<Person> = {}): Person {
  return { source: 'local', id: name, login: name, realm: '', locked: false, attributes: {}, ...changes };
}

export type Lab = Awaited<ReturnType<typeof tokenLab>>;

/** `rows`: those of another lab, as after a restart. `capacity`: owners in memory. `more`: of the gate. */
export async function tokenLab({
  rows = new Rows(),
  now = 1_700_000_000_000,
  capacity = 100,
  more = (_clock: Clock, _journal: Journal): Partial<GateParts> => ({}),
} = {}) {
  const time = { now };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const journal = new SlowJournal(rows);
  const keyring = FAKE_KEYRING;
  const pins = new Pins(keyring);
  const shelf = new Shelf({ store: rows, journal, capacity });
  const config = new StoredSystemConfig({ store: rows, journal, clock });
  const challenges = new Challenges({ store: rows, journal, keyring, clock, log: silentLog });
  await config.load();
  await challenges.load();
  const rules = new PolicyRules();
  const desk = new StoredTokens({
    store: rows,
    policy: rules,
    shelf,
    clock,
    keyring,
    pins,
    config,
    closeChallenges: (serial) => challenges.closeOf(serial),
  });
  const persons = new Map<string, Person>();
  const passwords = new Map<string, string>();
  const people = {
    find: async (login: string, realm: string) => {
      const found = persons.get(login);
      return found && (found.realm === realm || realm === '') ? found : null;
    },
    findById: async (source: string, id: string) =>
      [...persons.values()].find((one) => one.source === source && one.id === id) ?? null,
    checkPassword: async ({ login }: Person, password: string) => passwords.get(login) === password,
  };
  const sent: CodeMessage[] = [];
  const gateway = { refuses: false, timeout: null as number | null, durable: [] as boolean[] };
  const sender = {
    async send(message: CodeMessage) {
      if (gateway.refuses) throw new GatehouseError('SMS_REFUSED', 'no');
      sent.push(message);
      return { provider: 'fake', timeout: gateway.timeout };
    },
  };
  const codes = new TokenCodes({
    shelf,
    challenges,
    desk,
    config,
    policy: rules,
    people,
    sender,
    keyring,
    pins,
    clock,
    log: silentLog,
  });
  const wheel = new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) });
  const limits = { attempts: 1_000_000, senderAttempts: 1_000_000 };
  const gate = createGate({
    clock,
    log: silentLog,
    journal,
    limits: new Limits(wheel, clock, limits),
    nonceCounts: new NonceCounts({ clock, lifetimeMs: 300_000 }),
    policy: rules,
    hooks: noHooks,
    sessions: new SessionDirectory(() => []),
    refreshes: new RefreshCounts(journal, clock),
    codes,
    source: () => ({ name: 'local', shared: false, ignoresCase: false, find: (name) => accountOf(name) }),
    ...more(clock, journal),
  });

  function accountOf(name: string) {
    const found = persons.get(name);
    if (!found) return null;
    const data = { id: `local:${name}`, name, domain: '', locked: found.locked, values: [] };
    return new StoredAccount(data, { password: () => passwords.get(name), ha1: () => undefined });
  }

  /** `/validate/check` with a user, else by the serial or transaction of `more`. */
  async function check(user: string, pass: string, more: Partial<OtpProof> = {}): Promise<Verdict> {
    const proof: OtpProof = { kind: 'otp', pass, ...more };
    return gate.prove({
      door: 'otp',
      user,
      domain: '',
      client: { address: '192.0.2.1', port: 0 },
      proof,
      time: time.now,
    });
  }

  async function portal(user: string, proof: PasswordProof | AnswerProof, address = '192.0.2.9'): Promise<Verdict> {
    return gate.prove({ door: 'portal', user, domain: '', client: { address, port: 0 }, proof, time: time.now });
  }

  function policy(...actions: [scope: string, action: string][]): void {
    policies(...actions.map(([scope, action], index) => ({ name: `p${index}`, scope, action })));
  }

  function policies(...given: (Pick<PolicyRule, 'name' | 'scope' | 'action'> & Partial<PolicyRule>)[]): void {
    rules.replace(given.map((one) => ({ user: '*', realm: '*', client: '*', time: '', active: true, ...one })));
  }

  function add(name: string, password = 'secret', changes: Partial<Person> = {}): Person {
    const made = person(name, changes);
    persons.set(name, made);
    passwords.set(name, password);
    return made;
  }

  return {
    time,
    rows,
    journal,
    shelf,
    config,
    challenges,
    desk,
    persons,
    policy,
    policies,
    sent,
    gateway,
    gate,
    add,
    check,
    portal,
  };
}

/** In one word: what became of it. */
export function outcome(verdict: Verdict): string {
  if (verdict.verdict === 'refused') return verdict.reason;
  return verdict.verdict;
}

/** Tokens of people who are whatever they are called, over real storage: to be measured and to be killed. */
export async function gateOver(store: TokenStore, journal: Journal) {
  const clock = systemClock;
  const policy = new PolicyRules();
  const people = { find: (login: string) => person(login), findById: () => null, checkPassword: async () => false };
  const sender = { send: () => Promise.reject(new Error('nothing is sent here')) };
  const parts = { store, journal, keyring: FAKE_KEYRING, policy, people, sender, clock, log: silentLog };
  const tokens = createTokens(parts);
  await tokens.load();
  const gate = createGate({
    ...parts,
    limits: new Limits(new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) }), clock),
    nonceCounts: new NonceCounts({ clock, lifetimeMs: 300_000 }),
    hooks: noHooks,
    sessions: new SessionDirectory(() => []),
    refreshes: new RefreshCounts(journal, clock),
    codes: tokens.codes,
    source: () => ({ name: 'none', shared: false, ignoresCase: false, find: () => null }),
  });
  const client = { address: '192.0.2.1', port: 0 };
  return {
    desk: tokens.desk,
    check: async (user: string, pass: string): Promise<Verdict> => {
      return gate.prove({ door: 'otp', user, domain: '', client, proof: { kind: 'otp', pass }, time: Date.now() });
    },
  };
}
