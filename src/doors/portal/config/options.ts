/**
 * Every option of nodogsplash 4.5.1, in both of its files: what it sets here and which values it takes, or why it has no effect.
 * Names in lower case: nodogsplash does not look at case.
 */
import { isIPv4 } from 'node:net';
import { macOf, networkOf } from './address.ts';
import type { GivenSettings } from './model.ts';

export interface Setting<K extends keyof GivenSettings = keyof GivenSettings> {
  readonly sets: K;
  /** In words, for messages. */
  readonly allowed: string;
  /** Undefined: not one of those allowed. */
  read(text: string): GivenSettings[K] | undefined;
}

/** `missing`: it would have kept people out, so without it there must be no start; 0 says that it is not wanted. */
export type Option = Setting | { readonly ignored: string } | { readonly missing: string };

export const OPTIONS: ReadonlyMap<string, Option> = new Map<string, Option>([
  ['gatewayinterface', setting('interface', 'the name of a network interface', interfaceName)],
  ['gatewayname', setting('name', 'a text', (text) => text)],
  ['gatewayiprange', setting('address_range', 'an IPv4 network such as 192.0.2.0/24', ipv4Network)],
  ['gatewayip', setting('address', 'an IPv4 address', ipv4Address)],
  ['gatewayaddress', setting('address', 'an IPv4 address', ipv4Address)],
  ['gatewayport', setting('port', 'a port from 1 to 65535', whole(1, 65535))],
  ['maxclients', setting('max_clients', 'a number from 1 to 100000', whole(1, 100_000))],
  ['webroot', setting('web_root', 'a path that begins with /', absolutePath)],
  ['splashpage', setting('splash_page', 'the name of a file in webroot', fileName)],
  ['statuspage', setting('status_page', 'the name of a file in webroot', fileName)],
  ['redirecturl', setting('redirect_url', 'an http or https address', webAddress)],
  ['sessiontimeout', setting('session_seconds', 'minutes, 0 for no end', minutes)],
  ['preauthidletimeout', setting('preauth_idle_seconds', 'minutes, 0 for no end', minutes)],
  ['authidletimeout', setting('idle_seconds', 'minutes, 0 for no end', minutes)],
  ['checkinterval', setting('check_seconds', 'a number of seconds from 1 to 86400', whole(1, 86_400))],
  ['setmss', setting('mss', '0 or 1', (text) => flag(text, 'path', 'as it is'))],
  ['mssvalue', setting('mss', 'bytes from 536 to 65495, or 0 for what the path allows', segment)],
  ['macmechanism', setting('mac_mechanism', '`block` or `allow`', mechanism)],
  ['trustedmaclist', setting('trusted_macs', 'MAC addresses such as 02:00:5e:10:00:01, between them commas', macs)],
  ['blockedmaclist', setting('blocked_macs', 'MAC addresses such as 02:00:5e:10:00:01, between them commas', macs)],
  ['allowedmaclist', setting('allowed_macs', 'MAC addresses such as 02:00:5e:10:00:01, between them commas', macs)],
  ['binauth', setting('binauth', 'the path of a program, beginning with /', absolutePath)],
  ['ndsctlsocket', setting('ndsctl_socket', 'a path that begins with /', absolutePath)],
  ['daemon', ignored('the service manager sees to that')],
  ['debuglevel', ignored('`log.level` of gatehouse.yaml says how much is logged')],
  ['syslogfacility', ignored('the log goes to standard error')],
  ['fw_mark_authenticated', ignored('states are sets, not marks')],
  ['fw_mark_trusted', ignored('states are sets, not marks')],
  ['fw_mark_blocked', ignored('states are sets, not marks')],
  ['use_outdated_mhd', ignored('that library is not used')],
  ['unescape_callback_enabled', ignored('that library is not used')],
  ['enabled', ignored('the service manager sees to that')],
  ['fwhook_enabled', ignored('rules of others do not remove ours')],
  ['network', ignored('`gatewayinterface` names the interface')],
  ['trafficcontrol', ignored('rates are not limited yet')],
  ['downloadlimit', ignored('rates are not limited yet')],
  ['uploadlimit', ignored('rates are not limited yet')],
  ['ifb', ignored('rates are not limited yet')],
  ['preauth', { missing: 'PreAuth is not there yet' }],
  ['login_option_enabled', { missing: 'PreAuth is not there yet' }],
  ['fasport', { missing: 'a FAS is not asked yet' }],
  ['fasremoteip', ignored('a FAS is not asked yet')],
  ['fasremotefqdn', ignored('a FAS is not asked yet')],
  ['faskey', ignored('a FAS is not asked yet')],
  ['faspath', ignored('a FAS is not asked yet')],
  ['fas_secure_enabled', ignored('a FAS is not asked yet')],
]);

function setting<K extends keyof GivenSettings>(
  sets: K,
  allowed: string,
  read: (text: string) => GivenSettings[K] | undefined,
): Setting {
  return { sets, allowed, read } as Setting;
}

function ignored(why: string): Option {
  return { ignored: why };
}

function whole(least: number, most: number): (text: string) => number | undefined {
  return (text) => (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined);
}

/** A year at most: what is longer is meant to have no end. */
function minutes(text: string): number | undefined {
  const count = whole(0, 525_600)(text);
  return count === undefined ? undefined : 60 * count;
}

export function flag<T>(text: string, on: T, off: T): T | undefined {
  if (/^(1|yes|on|true|enabled)$/i.test(text)) return on;
  return /^(0|no|off|false|disabled)$/i.test(text) ? off : undefined;
}

export function segment(text: string): number | 'path' | undefined {
  return text === '0' ? 'path' : whole(536, 65_495)(text);
}

function mechanism(text: string): 'block' | 'allow' | undefined {
  const word = text.toLowerCase();
  return word === 'block' || word === 'allow' ? word : undefined;
}

function macs(text: string): readonly string[] | undefined {
  const all = text.split(/[,\s]+/).filter((word) => word !== '');
  const good = all.flatMap((word) => macOf(word) ?? []);
  return good.length === all.length ? good : undefined;
}

function ipv4Address(text: string): string | undefined {
  return isIPv4(text) ? text : undefined;
}

function ipv4Network(text: string): string | undefined {
  return text.includes(':') ? undefined : networkOf(text);
}

function absolutePath(text: string): string | undefined {
  return /^\/[^\0]{0,4095}$/.test(text) ? text : undefined;
}

/** As the kernel takes it (IFNAMSIZ); it is written into the firewall's rules between quotation marks. */
export function interfaceName(text: string): string | undefined {
  return /^[A-Za-z0-9_.:@-]{1,15}$/.test(text) ? text : undefined;
}

export function fileName(text: string): string | undefined {
  return /^[^/\0]{1,255}$/.test(text) && text !== '.' && text !== '..' ? text : undefined;
}

export function webAddress(text: string): string | undefined {
  if (text.length > 4096 || !URL.canParse(text)) return undefined;
  return /^https?:$/.test(new URL(text).protocol) ? new URL(text).href : undefined;
}
