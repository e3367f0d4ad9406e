/** What the helper may start, as the configuration says at the start. Errors: PROGRAM_NEW. */
import { isDeepStrictEqual } from 'node:util';
import { linePermits } from '../doors/dial/ppp/run-on-line.ts';
import { portalPermits } from '../doors/portal/permits.ts';
import { GatehouseError } from '../platform/errors.ts';
import type { Permit } from '../platform/helper/permit.ts';
import type { Site } from './site.ts';

/** `started`: what a reload cannot change is as it is there. */
export function permitsOf(site: Site, started = site): Permit[] {
  const { lines } = started.config.dial;
  return [
    ...(site.portal && started.portal ? portalPermits(site.portal) : []),
    ...(lines.length > 0
      ? linePermits(
          site.config.dial.commands,
          lines.map(({ device }) => device),
        )
      : []),
  ];
}

/** A reload is no way to a longer list: who asks for it may be somebody who took the server over. */
export function refuseNewPrograms(started: Site, next: Site): void {
  const known = permitsOf(started);
  const unknown = permitsOf(next, started).find((permit) => !known.some((one) => isDeepStrictEqual(one, permit)));
  if (unknown === undefined) return;
  const line = [unknown.file, ...unknown.args.filter((word) => typeof word === 'string')].join(' ');
  throw new GatehouseError(
    'PROGRAM_NEW',
    `the files name a program that the start did not, or another way to run it: ${line}`,
    {
      hint: 'what the helper starts is fixed when the server starts: restart it',
    },
  );
}
