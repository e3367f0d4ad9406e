/**
 * What ndsctl can ask for. The answer is `Yes`, `No`, or the text that was asked for; a command that nobody knows is `No`.
 *
 * Errors: those of the firewall and the journal.
 */
import { describeError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import type { LogLevel } from '../../../platform/log-pino.ts';
import { version } from '../../../platform/version.ts';
import { type Client, type Clients, isInside, isToken } from '../clients.ts';
import { macOf } from '../config/address.ts';
import type { PortalSettings } from '../config/model.ts';
import type { MacLists } from '../mac-lists.ts';
import { type Sessions, UNLIMITED } from '../sessions.ts';
import { durationText } from '../splash/variables.ts';
import { clientJson, clientsJson, clientsText } from './listing.ts';

export interface CtlParts {
  readonly settings: PortalSettings;
  /** Those of each interface, of which the first are `settings`. */
  readonly each: readonly PortalSettings[];
  readonly clients: Clients;
  readonly sessions: Sessions;
  readonly lists: MacLists;
  readonly now: () => number;
  readonly startedAt: number;
  /** Ends the server in order. */
  readonly shutDown: () => void;
  /** How much is logged, until the next reload says otherwise. */
  readonly setLogLevel: (level: LogLevel) => void;
  readonly log: Log;
}

export type RunCommand = (line: string) => Promise<string>;

/** By nodogsplash's numbers. */
const LEVELS: readonly LogLevel[] = ['warn', 'info', 'debug', 'debug'];

const LISTS = {
  block: ['blocked', true],
  unblock: ['blocked', false],
  allow: ['allowed', true],
  unallow: ['allowed', false],
  trust: ['trusted', true],
  untrust: ['trusted', false],
} as const;

export function createCommands(parts: CtlParts): RunCommand {
  const { settings, each, clients, sessions, lists, now, log } = parts;

  return async function runCommand(line) {
    const [name = '', argument = ''] = line.trim().split(/\s+/, 2);
    try {
      return await run(name, argument);
    } catch (error) {
      log.error('a command of ndsctl failed', { command: name, error: describeError(error) });
      return 'No';
    }
  };

  async function run(name: string, argument: string): Promise<string> {
    switch (name) {
      case 'status':
        await sessions.count();
        return status();
      case 'clients':
        await sessions.count();
        return clientsText([...clients.all()], lists, now());
      case 'json':
        await sessions.count();
        if (argument === '') return clientsJson([...clients.all()], lists, now());
        return clientJson(find(argument), lists, now());
      case 'auth':
        return yesNo(await letIn(find(argument)));
      case 'deauth': {
        const client = find(argument);
        return yesNo(client !== undefined && (await sessions.close(client, 'ndsctl_deauth')));
      }
      case 'debuglevel': {
        const level = /^[0-3]$/.test(argument) ? LEVELS[Number(argument)] : undefined;
        if (level) parts.setLogLevel(level);
        return yesNo(level !== undefined);
      }
      case 'stop':
        parts.shutDown();
        return 'Yes';
    }
    if (!Object.hasOwn(LISTS, name)) return 'No';
    const mac = macOf(argument);
    return yesNo(mac !== undefined && (await list(name as keyof typeof LISTS, mac)));
  }

  async function list(name: keyof typeof LISTS, mac: string): Promise<boolean> {
    const done = await lists.put(...([LISTS[name][0], mac, LISTS[name][1]] as const));
    if (!lists.isBlocked(mac)) return done;
    for (const client of clients.all()) if (client.mac === mac) await sessions.close(client, 'ndsctl_deauth');
    return done;
  }

  async function letIn(client: Client | undefined): Promise<boolean> {
    if (client === undefined || client.busy || client.session || lists.isBlocked(client.mac) || sessions.full)
      return false;
    client.busy = true;
    try {
      const own = each.find((one) => one.interface === client.interface) ?? settings;
      const [name, seconds] = [sessions.newName(), own.session_seconds];
      const terms = { seconds, most: UNLIMITED, rate: UNLIMITED };
      await sessions.open(client, { name, user: client.mac, ...terms, event: 'ndsctl_auth' });
      return true;
    } finally {
      client.busy = false;
    }
  }

  /** By MAC, address or token. */
  function find(what: string): Client | undefined {
    if (what === '') return undefined;
    const mac = macOf(what);
    const all = [...clients.all()].filter(
      (one) => one.address === what || one.also.has(what) || one.mac === mac || isToken(one, what),
    );
    // A card with several addresses: the one that is in.
    return all.find(isInside) ?? all[0];
  }

  function status(): string {
    const list = (macs: readonly string[]) => (macs.length > 0 ? macs.join(' ') : 'none');
    const span = (seconds: number) => (seconds === 0 ? 'none' : durationText(1000 * seconds));
    const lines = [
      `Gatehouse ${version}, Wi-Fi door`,
      `Uptime: ${durationText(now() - parts.startedAt)}`,
      `Gateway name: ${settings.name}`,
      `Interface: ${each.map((one) => one.interface).join(' ')}, port ${settings.port}`,
      `BinAuth: ${settings.binauth ?? 'none'}`,
      `Session timeout: ${span(settings.session_seconds)}`,
      `Idle timeout: ${span(settings.idle_seconds)}`,
      `Preauthenticated idle timeout: ${span(settings.preauth_idle_seconds)}`,
      `Clients: ${clients.size} known, ${clients.inside} of at most ${settings.max_clients} authenticated`,
      `MAC mechanism: ${settings.mac_mechanism}`,
      `Blocked MAC addresses: ${list(lists.all('blocked'))}`,
      `Allowed MAC addresses: ${list(lists.all('allowed'))}`,
      `Trusted MAC addresses: ${list(lists.all('trusted'))}`,
    ];
    return `${lines.join('\n')}\n`;
  }
}

function yesNo(done: boolean): string {
  return done ? 'Yes' : 'No';
}
