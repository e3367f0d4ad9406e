/**
 * Every option of nodogsplash 4.5.1, in both of its files: what it sets here and which values it takes, or why it has no effect.
 * Names in lower case: nodogsplash does not look at case.
 */
import { isIPv4 } from 'node:net';
import { macOf, networkOf } from './address.ts';
import type { FasLevel, GivenSettings } from './model.ts';

export interface Setting<K extends keyof GivenSettings = keyof GivenSettings> {
  readonly sets: K;
  /** In words, for messages. */
  readonly allowed: string;
  /** Undefined: not one of those allowed. */
  read(text: string): GivenSettings[K] | undefined;
}

export type Option = Setting | { readonly ignored: string };

/** Where nodogsplash installs the page that this option is about. */
const LOGIN_OPTION = '/usr/lib/nodogsplash/login.sh';
export const FAS_KEYS = '8 to 32 letters, digits and signs without a blank, and not the one of the examples';
/** Every FAS that was ever tried out has it, so that clients know it, too (CVE-2023-38324). */
const KNOWN_KEYS: ReadonlySet<string> = new Set(['1234567890']);

const KBIT = 'kbit/s from 0 to 100000000, 0 for no limit';

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
  ['trafficcontrol', setting('total_download_kbit', '0 or 1', (text) => flag(text, 0, 0))],
  ['downloadlimit', setting('total_download_kbit', KBIT, whole(0, 100_000_000))],
  ['uploadlimit', setting('total_upload_kbit', KBIT, whole(0, 100_000_000))],
  ['ifb', ignored('uploads are limited without a device of their own')],
  ['preauth', setting('preauth', 'the path of a program, beginning with /', absolutePath)],
  ['login_option_enabled', setting('preauth', '0 or 1', (text) => flag(text, LOGIN_OPTION, ''))],
  ['fasport', setting('fas_port', 'a port from 1 to 65535, or 0 for no FAS', whole(0, 65_535))],
  ['fasremoteip', setting('fas_address', 'an IPv4 address', ipv4Address)],
  ['fasremotefqdn', setting('fas_name', 'a host name', hostName)],
  ['faskey', setting('fas_key', FAS_KEYS, fasKey)],
  ['faspath', setting('fas_path', 'a path that begins with /', webPath)],
  ['fas_secure_enabled', setting('fas_level', '0, 1, 2 or 3', fasLevel)],
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

export function hostName(text: string): string | undefined {
  return /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(text) ? text : undefined;
}

/** Path and perhaps query, as they are written into addresses. */
export function webPath(text: string): string | undefined {
  return /^\/[\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]{0,1000}$/.test(text) ? text : undefined;
}

/** AES-256 takes 32 bytes; a shorter one is filled up, a longer one would be cut. */
export function fasKey(text: string): string | undefined {
  return /^[\x21-\x7e]{8,32}$/.test(text) && !KNOWN_KEYS.has(text) ? text : undefined;
}

function fasLevel(text: string): FasLevel | undefined {
  return /^[0-3]$/.test(text) ? (Number(text) as FasLevel) : undefined;
}
