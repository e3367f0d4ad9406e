/** The values that templates can show, by nodogsplash's names, and `error_msg`, why the last try was refused. */
import { version } from '../../../platform/version.ts';
import type { Client, Clients } from '../clients.ts';
import type { PortalSettings } from '../config/model.ts';
import type { Gateway } from '../firewall/gateway.ts';
import type { Variables } from './template.ts';

export interface Shown {
  readonly settings: Pick<PortalSettings, 'name' | 'max_clients'>;
  readonly gateway: Pick<Gateway, 'mac'>;
  readonly clients: Pick<Clients, 'size'>;
  readonly client: Client;
  /** Address of the door, without a last slash. */
  readonly base: string;
  /** As `safeRedir` gave it. */
  readonly redir: string;
  readonly error: string;
  readonly upMs: number;
}

export function splashVariables({ settings, gateway, clients, client, base, redir, error, upMs }: Shown): Variables {
  const authaction = `${base}/nodogsplash_auth/`;
  return {
    authaction,
    denyaction: `${base}/nodogsplash_deny/`,
    authtarget: `${authaction}?tok=${client.token}&redir=${encodeURIComponent(redir)}`,
    tok: client.token,
    token: client.token,
    redir,
    error_msg: error,
    clientip: client.address,
    clientmac: client.mac,
    clientupload: String(client.session?.sent ?? 0),
    clientdownload: String(client.session?.received ?? 0),
    gatewayname: settings.name,
    gatewaymac: gateway.mac,
    nclients: String(clients.size),
    maxclients: String(settings.max_clients),
    uptime: durationText(upMs),
    version,
  };
}

/** `1d 2h 3m 4s`; what is nothing at the front is left out. */
export function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = Math.min(parts.findIndex(([count]) => count > 0) >>> 0, parts.length - 1);
  return parts
    .slice(first)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}
