/**
 * Level 3 of the FAS: clients never come back with anything, the gateway asks the FAS again and again whom it lets in.
 *
 * Whoever is on the list goes to the gate as if he had come back with his pass himself. A pass is good once: the token behind it is another one
 * after the login, and what was refused is not asked again as long as it stays on the list. Those that are in are acknowledged, so that their page
 * goes on; a slow decision is left to go on by itself and acknowledged in a later round. After failures the rounds are further apart, a minute at most.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { HealthItem } from '../../../core/doors/types.ts';
import type { Clock } from '../../../platform/clock.ts';
import { describeError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import type { Client, Clients } from '../clients.ts';
import type { PortalSettings } from '../config/model.ts';
import type { LogIn } from '../login.ts';
import type { MacLists } from '../mac-lists.ts';
import { type Admitted, acknowledgement, parseList, viewRequest } from './auth-list.ts';
import { type Line, type LineSettings, openLine } from './line.ts';
import { returnedId } from './sealed.ts';

export interface MonitorParts {
  /** As they are now. */
  readonly settings: LineSettings & Pick<PortalSettings, 'name' | 'fas_key' | 'fas_poll_seconds'>;
  /** IPv4 address of ours. */
  readonly gateway: string;
  readonly clients: Clients;
  readonly lists: Pick<MacLists, 'isBlocked'>;
  readonly logIn: LogIn;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a round waits for decisions. */
const PATIENCE_MS = 1_000;
const LONGEST_PAUSE_S = 60;

/** Clients whose hashes are made in one turn of the event loop: half a millisecond. */
const SLICE = 256;

/** With the token of when he was looked at. */
interface Stranger {
  readonly client: Client;
  readonly token: string;
}

export class FasMonitor {
  readonly #parts: MonitorParts;
  readonly #end = new AbortController();
  /** What became of the passes that are on the list. */
  readonly #seen = new Map<string, 'out' | 'in'>();
  #line: Line | undefined;
  #failures = 0;
  #trouble: HealthItem | undefined;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
  }

  get trouble(): HealthItem | undefined {
    return this.#trouble;
  }

  begin(): void {
    void this.#run();
  }

  stop(): void {
    this.#end.abort();
    this.#line?.close();
  }

  /** Asks once, and resolves when those are acknowledged that are in by then. Errors: PORTAL_FAS_LIST, those of reading `fas_ca`. */
  async round(): Promise<void> {
    const listed = parseList(await this.#post(viewRequest(this.#parts.settings.name)));
    this.#forgetAllBut(listed);
    const decisions = await this.#decide(listed);
    if (decisions.length > 0)
      await Promise.race([
        Promise.all(decisions),
        wait(PATIENCE_MS, undefined, { ref: false, signal: this.#end.signal }),
      ]);
    const inside = listed.map(({ pass }) => pass).filter((pass) => this.#seen.get(pass) === 'in');
    if (inside.length === 0) return;
    await this.#post(acknowledgement(this.#parts.settings.name, inside));
    for (const pass of inside) this.#seen.delete(pass);
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        await this.round();
        this.#recover();
      } catch (error) {
        if (!signal.aborted) this.#complain(error);
      }
      const seconds = this.#parts.settings.fas_poll_seconds * 2 ** Math.min(this.#failures, 6);
      await wait(1_000 * Math.min(seconds, LONGEST_PAUSE_S), undefined, { ref: false, signal }).catch(() => {});
    }
  }

  async #post(form: string): Promise<string> {
    const { settings, gateway } = this.#parts;
    this.#line ??= openLine(settings, gateway);
    return this.#line.post(form, this.#end.signal);
  }

  #forgetAllBut(listed: readonly Admitted[]): void {
    const passes = new Set(listed.map(({ pass }) => pass));
    for (const pass of this.#seen.keys()) if (!passes.has(pass)) this.#seen.delete(pass);
  }

  async #decide(listed: readonly Admitted[]): Promise<Promise<void>[]> {
    const fresh = listed.filter(({ pass }) => !this.#seen.has(pass));
    if (fresh.length === 0) return [];
    const strangers = await this.#strangersByPass();
    const decisions: Promise<void>[] = [];
    for (const one of fresh) {
      if (this.#seen.has(one.pass)) continue;
      this.#seen.set(one.pass, 'out');
      const { client, token } = strangers.get(one.pass) ?? {};
      // He may have been in and out again meanwhile.
      if (client && client.token === token && !this.#parts.lists.isBlocked(client.mac))
        decisions.push(this.#letIn(client, one));
    }
    return decisions;
  }

  /** Thousands of hashes in one go would hold up everybody else: whoever is due has his turn between slices. */
  async #strangersByPass(): Promise<Map<string, Stranger>> {
    const { clients, settings } = this.#parts;
    const found = new Map<string, Stranger>();
    let seen = 0;
    for (const client of clients.all()) {
      if (client.session !== undefined) continue;
      const stranger = { client, token: client.token };
      found.set(client.token, stranger);
      if (settings.fas_key === undefined) continue;
      found.set(returnedId(client.token, settings.fas_key), stranger);
      if (++seen % SLICE === 0) await new Promise(setImmediate);
    }
    return found;
  }

  async #letIn(client: Client, { pass, ...grant }: Admitted): Promise<void> {
    const outcome = await this.#parts.logIn(client, NO_CREDENTIALS, grant);
    if (outcome.is === 'in') {
      // Unless it left the list meanwhile.
      if (this.#seen.has(pass)) this.#seen.set(pass, 'in');
      return;
    }
    // These may be otherwise next time.
    if (outcome.is === 'refused' && (outcome.reason === 'full' || outcome.reason === 'busy')) this.#seen.delete(pass);
    const reason =
      outcome.is === 'refused' ? outcome.reason : 'a second step, for which level 3 of the FAS has no page';
    this.#parts.log.info('a client that the FAS lets in is not in', { client: client.address, reason });
  }

  #recover(): void {
    if (this.#trouble) this.#parts.log.info('the FAS says again whom it lets in');
    this.#failures = 0;
    this.#trouble = undefined;
  }

  #complain(error: unknown): void {
    this.#failures++;
    // Its files may be others by the next round.
    this.#line?.close();
    this.#line = undefined;
    const why = describeError(error);
    if (!this.#trouble) this.#parts.log.warn('the FAS cannot be asked whom it lets in', { error: why });
    const since = this.#trouble?.since ?? this.#parts.clock.now();
    const text = `the FAS cannot be asked whom it lets in: ${why}`;
    this.#trouble = { code: 'PORTAL_FAS_LIST', severity: 'error', text, since };
  }
}

/** The list brings none: what is asked for is asked for by its page. */
const NO_CREDENTIALS = { user: '', password: '', voucher: '', redir: '', userAgent: '', answer: undefined };
