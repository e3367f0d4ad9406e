/**
 * The PreAuth program: what it prints is the page that a stranger sees, and forms of that page come back to it.
 *
 * Its arguments are nodogsplash 4.5.1's: the query, as `?name=value, name=value` percent-encoded as a whole, and the user agent. First come
 * `clientip`, `gatewayname` and `redir`, which the door fills in itself: what a client says of its address counts for nothing. The token
 * that lets the client in is in GATEHOUSE_TOKEN, so that no program has to ask ndsctl for it; GATEHOUSE_REDIR can stand in a page as it is.
 *
 * Errors: PORTAL_PROGRAM, there is no page.
 */
import { GatehouseError } from '../../../platform/errors.ts';
import type { Programs } from '../../../platform/helper/types.ts';
import { Lanes } from '../../../platform/lanes.ts';
import type { Client } from '../clients.ts';
import type { PortalSettings } from '../config/model.ts';
import { safeRedir } from '../http/request.ts';
import { percentEncode } from '../percent.ts';
import { programRun } from '../program.ts';

export interface PreAuth {
  page(client: Client, asked: ReadonlyMap<string, string>, userAgent: string): Promise<string>;
}

const AT_ONCE = 6;
const MOST_WAITING = 64;
const MOST_PAGE = 65_536;

export function createPreAuth(file: string, settings: Pick<PortalSettings, 'name'>, programs: Programs): PreAuth {
  const lanes = new Lanes(AT_ONCE, MOST_WAITING);
  const running = new WeakSet<Client>();

  return {
    async page(client, asked, userAgent) {
      if (running.has(client) || !lanes.hasRoom) throw fault('too many pages are being made');
      const args = [percentEncode(preAuthQuery(client.address, settings.name, asked)), percentEncode(userAgent)];
      const run = programRun([file], args, environmentOf(client, asked), MOST_PAGE + 1);
      running.add(client);
      try {
        const { exitCode, signal, timedOut, stdout } = await lanes.run(() => programs.run(run));
        if (timedOut) throw fault('its time was over');
        if (exitCode !== 0) throw fault(signal === null ? `it ended with status ${exitCode}` : `${signal} ended it`);
        if (stdout.length > MOST_PAGE) throw fault(`it printed more than ${MOST_PAGE} bytes`);
        return stdout.toString('utf8');
      } finally {
        running.delete(client);
      }
    },
  };

  function fault(why: string): GatehouseError {
    return new GatehouseError('PORTAL_PROGRAM', `${file} gave no page: ${why}`, {
      hint: 'its output is the page, and its exit status must be 0',
    });
  }
}

export function preAuthQuery(address: string, gatewayName: string, asked: ReadonlyMap<string, string>): string {
  const all = new Map([
    ['clientip', address],
    ['gatewayname', gatewayName],
    ['redir', asked.get('redir') ?? ''],
  ]);
  for (const [name, value] of asked) if (!all.has(name)) all.set(name, value);
  return `?${Array.from(all, ([name, value]) => `${name}=${value}`).join(', ')}`;
}

function environmentOf(client: Client, asked: ReadonlyMap<string, string>): Record<string, string> {
  return {
    GATEHOUSE_CLIENT_ADDRESS: client.address,
    GATEHOUSE_CLIENT_MAC: client.mac,
    GATEHOUSE_TOKEN: client.token,
    GATEHOUSE_REDIR: safeRedir(asked.get('redir')).replaceAll('&', '&amp;'),
  };
}
