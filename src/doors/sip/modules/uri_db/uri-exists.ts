/**
 * Whether the Request-URI names a user of ours: in the uri table, or among the users themselves.
 *
 * Results: 1 it does; -5 it does not; -1 the URI is broken; -4 the table cannot be asked.
 */
import type { UriSpec } from '../../../../core/ser/types.ts';
import { unicodeText } from '../../../../core/ser/wire-text.ts';
import type { Account, UserSource } from '../../../../core/users/types.ts';
import type { Run } from '../../run.ts';
import type { Services } from '../../services.ts';
import { resumeWith } from '../resume-with.ts';

/** `domain` '' = any. */
export interface Directory {
  has(run: Run, user: string, domain: string): number;
}

export function uriExists(run: Run, directory: Directory, useDomain: boolean): number {
  const uri = run.requestUri;
  if (uri === undefined) return -1;
  if (uri.user === '' || (useDomain && uri.host === '')) return -5;
  return directory.has(run, uri.user, useDomain ? uri.host : '');
}

/** Rows of the uri table, whoever they belong to. */
export function uriRows(services: Pick<Services, 'tables' | 'log'>, spec: UriSpec): Directory {
  return {
    has(run, user, domain) {
      const answer = services.tables.hasUri(spec, '', domain, user);
      return resumeWith(run, answer, services.log, result, unavailable);
    },
  };
}

/** The users of a source; at once where it knows them already. */
export function users(services: Pick<Services, 'log'>, source: UserSource): Directory {
  return {
    has(run, user, domain) {
      const answer = source.find(unicodeText(user), unicodeText(domain));
      return answer instanceof Promise ? resumeWith(run, answer, services.log, result, unavailable) : result(answer);
    },
  };
}

function result(found: Account | boolean | null): number {
  return found ? 1 : -5;
}

function unavailable(): number {
  return -4;
}
