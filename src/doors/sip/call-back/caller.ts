/**
 * Rings users for core: their registered telephones, or a number by the configured trunk, and knows which requests belong to such calls.
 */
import type { Callable, KeyAnswer, KeyCaller, Telephone } from '../../../core/callback/types.ts';
import type { Account } from '../../../core/users/types.ts';
import { describeError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import type { SipConfig } from '../config.ts';
import type { Requester } from '../management/requester.ts';
import type { SipMessage } from '../message/message.ts';
import { parseUri, uriParam, withoutHeaders } from '../message/uri.ts';
import type { LocalNames, LocationTableView } from '../services.ts';
import type { ListenPoint } from '../transport/types.ts';
import { type Callee, KeyCall, type KeyCallParts, type Reply } from './key-call.ts';
import type { PortRange } from './media.ts';
import { makePrompt } from './prompt.ts';

export interface TelephoneCallerParts {
  readonly config: SipConfig['call_back'];
  readonly requester: Requester;
  readonly tables: ReadonlyMap<string, LocationTableView>;
  readonly points: () => readonly ListenPoint[];
  readonly local: LocalNames;
  readonly log: Log;
}

/** Telephones of one user that ring at once. */
const MOST_AT_ONCE = 3;
/** What is told where several were rung and none was answered: the first of these that any of them said. */
const TELLING: readonly KeyAnswer[] = ['loop', 'declined', 'busy', 'no-answer', 'no-sound', 'stopped', 'failed'];
/** After these another one may be rung: nobody has heard what was asked. */
const NOBODY: readonly KeyAnswer[] = ['no-answer', 'busy', 'no-sound', 'loop', 'failed'];

export class TelephoneCaller implements KeyCaller {
  readonly #parts: TelephoneCallerParts;
  readonly #prompts = { pcmu: makePrompt('pcmu'), pcma: makePrompt('pcma') };
  /** By Call-ID. */
  readonly #calls = new Map<string, KeyCall>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(parts: TelephoneCallerParts) {
    this.#parts = parts;
  }

  /** Calls that are under way. */
  get size(): number {
    return this.#calls.size;
  }

  get callsNumbers(): boolean {
    return this.#parts.config.trunk !== undefined;
  }

  telephones({ login, name }: Account): readonly Telephone[] {
    const found: Telephone[] = [];
    for (const table of this.#parts.tables.values()) {
      for (const aor of new Set([login, name])) {
        for (const { contact, received, path, client, user } of table.bindings(aor)) {
          // Whoever registered under a name of somebody else's is not he.
          if (user !== login || !this.#isTelephone(contact)) continue;
          // A Path leads the way; what `received` says is then the first proxy's affair.
          const way = path === null ? { received: received ?? undefined } : { path };
          found.push({ contact, ...way, client });
        }
      }
    }
    // A browser wants its sound encrypted and refuses the call: it takes nobody's turn.
    return found.sort((a, b) => Number(isWeb(a.contact)) - Number(isWeb(b.contact)));
  }

  async ask(whom: readonly Callable[], signal: AbortSignal, instead: readonly Callable[] = []): Promise<KeyAnswer> {
    const ringMs = this.#parts.config.ring * 1000;
    const ends = AbortSignal.any([signal, this.#stop.signal]);
    if (instead.length === 0) return this.#askFirst(whom, ends, ringMs);
    const began = performance.now();
    const answer = await this.#askFirst(whom, ends, ringMs / 2);
    if (!NOBODY.includes(answer) || ends.aborted) return answer;
    return this.#askFirst(instead, ends, ringMs - Math.min(performance.now() - began, ringMs / 2));
  }

  async #askFirst(whom: readonly Callable[], ends: AbortSignal, ringMs: number): Promise<KeyAnswer> {
    const callees = whom.slice(0, MOST_AT_ONCE).map((one) => this.#calleeOf(one));
    const legs: Leg[] = [];
    let first: Leg | undefined;
    for (const callee of callees) {
      if (typeof callee === 'string') continue;
      const stop = new AbortController();
      const isFirst = () => {
        first ??= leg;
        if (first === leg) for (const other of legs) if (other !== leg) other.stop.abort();
        return first === leg;
      };
      const leg: Leg = { stop, call: new KeyCall(callee, this.#callParts(ringMs), isFirst) };
      legs.push(leg);
    }
    const answers = await Promise.all(legs.map((leg) => this.#ring(leg, ends)));
    if (first !== undefined) return answers[legs.indexOf(first)]!;
    const all = [...answers, ...callees.filter((callee) => typeof callee === 'string')];
    return TELLING.find((one) => all.includes(one)) ?? 'failed';
  }

  /** What to say to a request; null: it belongs to no call of ours. */
  onRequest(request: SipMessage): Reply | null {
    const call = this.#calls.get(request.callId);
    return call === undefined ? null : call.onRequest(request);
  }

  /** Hangs up everywhere. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #ring({ call, stop }: Leg, ends: AbortSignal): Promise<KeyAnswer> {
    this.#calls.set(call.callId, call);
    const over = call.run(AbortSignal.any([ends, stop.signal])).finally(() => {
      this.#calls.delete(call.callId);
      this.#running.delete(over);
    });
    this.#running.add(over);
    try {
      return await call.answer;
    } catch (error) {
      this.#parts.log.warn('a user could not be called', { error: describeError(error) });
      return 'failed';
    }
  }

  #callParts(ringMs: number): KeyCallParts {
    const { requester, config, points } = this.#parts;
    return {
      requester,
      prompts: this.#prompts,
      ports: portRange(config.ports),
      caller: config.caller,
      ringMs,
      keyMs: config.key * 1000,
      isOurs: ({ address, port }) => points().some((one) => one.address === address && one.port === port),
    };
  }

  /** An alias is none. */
  #isTelephone(contact: string): boolean {
    const uri = parseUri(contact);
    if (uri === undefined || !uri.scheme.startsWith('sip')) return false;
    return !this.#parts.local.isMyself(uri.host, uri.port);
  }

  #calleeOf(one: Callable): Callee | 'loop' | 'failed' {
    const { trunk, username, password, caller } = this.#parts.config;
    if ('number' in one) {
      if (one.number === caller) return 'loop';
      const login = username === undefined ? undefined : { username, password: password ?? '' };
      const uri = trunk?.replace(/^(sips?:)/i, `$1${one.number}@`);
      return uri === undefined ? 'failed' : { uri, nextHop: undefined, login };
    }
    const { contact, received, path } = one.telephone;
    const uri = withoutHeaders(contact);
    const parsed = parseUri(uri);
    if (parsed === undefined || !parsed.scheme.startsWith('sip')) return 'failed';
    return this.#parts.local.isMyself(parsed.host, parsed.port) ? 'loop' : { uri, nextHop: received, route: path };
  }
}

function isWeb(contact: string): boolean {
  const uri = parseUri(contact);
  const transport = uri && uriParam(uri, 'transport')?.toLowerCase();
  return transport === 'ws' || transport === 'wss';
}

interface Leg {
  readonly call: KeyCall;
  readonly stop: AbortController;
}

function portRange(text: string): PortRange {
  const [first, last] = text.split('-').map(Number);
  return { first: first!, last: last! };
}
