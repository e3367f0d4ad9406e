/**
 * Whether a To or From URI belongs to the user who has authenticated.
 *
 * Results: 1 it does; -1 the header is missing or broken, -2 nobody has authenticated in this request, -3 the URI is broken,
 * -4 it has no user; then, comparing user parts in any case, -10 it is somebody else's; or, asking the uri table, -9 it has no
 * such row and -8 it cannot be asked. Numbers as SER's uri_db.
 */
import type { SerTables, UriSpec } from '../../../../core/ser/types.ts';
import type { Clock } from '../../../../platform/clock.ts';
import type { Log } from '../../../../platform/log.ts';
import { Seldom } from '../../../../platform/seldom.ts';
import type { NameAddr } from '../../message/message.ts';
import { type SipUri, unescapeUser } from '../../message/uri.ts';
import type { Authorised, Run } from '../../run.ts';
import { resumeWith } from '../resume-with.ts';

export class UserCheck {
  readonly #tables: SerTables;
  readonly #log: Log;
  readonly #complaint: Seldom;
  readonly #rows: UriSpec | undefined;

  /** `rows`: the uri table to ask; undefined: user parts are compared. */
  constructor(services: { tables: SerTables; log: Log; clock: Clock }, rows: UriSpec | undefined) {
    this.#tables = services.tables;
    this.#log = services.log;
    this.#complaint = new Seldom(services.clock);
    this.#rows = rows;
  }

  check(run: Run, address: NameAddr | undefined, uri: SipUri | undefined): number {
    if (address === undefined) return -1;
    const authorised = run.authorised;
    if (authorised === undefined) {
      if (this.#complaint.due()) {
        this.#log.warn('check_to or check_from without credentials: call www_authorize or proxy_authorize before it');
      }
      return -2;
    }
    if (uri === undefined) return -3;
    if (uri.user === '') return -4;
    if (this.#rows) return this.#ask(run, this.#rows, authorised, unescapeUser(uri.user));
    return sameUser(unescapeUser(uri.user), authorised.user) ? 1 : -10;
  }

  #ask(run: Run, rows: UriSpec, { user, realm }: Authorised, uriUser: string): number {
    const answer = this.#tables.hasUri(rows, user, realm, uriUser);
    return resumeWith(
      run,
      answer,
      this.#log,
      (there) => (there ? 1 : -9),
      () => -8,
    );
  }
}

function sameUser(a: string, b: string): boolean {
  return a === b || (a.length === b.length && a.toLowerCase() === b.toLowerCase());
}
