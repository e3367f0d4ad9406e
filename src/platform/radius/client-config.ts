/**
 * Reads the configuration of radiusclient-ng as it is: which servers are asked, how patiently, and the secrets that a file of its own holds.
 *
 * What is not about asking servers (login, accounting, files of other programs) is passed over. Times are milliseconds. Bounded: bytes and
 * servers. Errors: RADIUS_CLIENT_CONFIG with file and line; no message shows a secret. Source: radiusclient.conf and servers of radiusclient-ng 0.5.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { GatehouseError } from '../errors.ts';

export interface RadiusServerEntry {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

export interface RadiusClientConfig {
  /** In the order in which they are asked; at least one. */
  readonly servers: readonly RadiusServerEntry[];
  readonly dictionary: string | undefined;
  /** Of our sockets; undefined: as the system chooses. */
  readonly bind: string | undefined;
  readonly timeout: number;
  readonly tries: number;
  /** How long one that says nothing is asked last. */
  readonly deadTime: number;
}

const MOST_BYTES = 1 << 20;
const MOST_SERVERS = 8;
const LONGEST_SECRET = 128;
const PORT = 1812;
/** In seconds; the original's deadtime is 0, and then each request waits for a server that is down. */
const USUAL = { radius_timeout: 10, radius_retries: 3, radius_deadtime: 30 };

interface Line {
  readonly words: readonly string[];
  readonly where: string;
}

export function readClientConfig(path: string): RadiusClientConfig {
  const options = linesOf(path);
  const last = (name: string) => options.findLast(({ words }) => words[0] === name);
  const file = (name: string) => {
    const value = last(name)?.words[1];
    return value === undefined ? undefined : resolve(dirname(path), value);
  };
  const number = (name: keyof typeof USUAL, least: number) => {
    const line = last(name);
    const value = line?.words[1] ?? String(USUAL[name]);
    if (/^\d{1,4}$/.test(value) && Number(value) >= least) return Number(value);
    throw fault(line!.where, `${name} must be a whole number from ${least} on`);
  };
  const named = options
    .filter(({ words }) => words[0] === 'authserver')
    .flatMap(({ words, where }) => words.slice(1).map((text) => ({ where, ...serverIn(text, where) })));
  if (named.length === 0) throw fault(path, 'it names no authserver');
  if (named.length > MOST_SERVERS) throw fault(path, `it names more than ${MOST_SERVERS} servers`);
  const secrets = file('servers');
  const kept = secrets === undefined ? new Map<string, string>() : secretsIn(secrets);
  const bind = last('bindaddr')?.words[1];
  return {
    servers: named.map(({ where, host, port, secret = kept.get(host) }) => {
      if (secret === undefined) {
        const file = secrets ?? 'a file, and its name behind `servers`';
        throw fault(where, `there is no secret for ${host}`, `write a line \`${host} SECRET\` in ${file}`);
      }
      if (secret.length <= LONGEST_SECRET) return { host, port, secret };
      throw fault(where, `the secret for ${host} has more than ${LONGEST_SECRET} characters`);
    }),
    dictionary: file('dictionary'),
    bind: bind === '*' ? undefined : bind,
    timeout: 1000 * number('radius_timeout', 1),
    tries: number('radius_retries', 1),
    deadTime: 1000 * number('radius_deadtime', 0),
  };
}

/** `host`, `host:port` or, as its successors have it, `host:port:secret`; an IPv6 address in brackets. */
function serverIn(text: string, where: string): { host: string; port: number; secret?: string } {
  const [, bracketed, plain, port, secret] =
    /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::(\d{1,5})(?::(.+))?)?$/i.exec(text) ?? [];
  const host = (bracketed ?? plain)?.toLowerCase();
  const number = port === undefined ? PORT : Number(port);
  if (host === undefined || number < 1 || number > 65_535)
    throw fault(where, 'write authserver HOST or HOST:PORT', 'an IPv6 address stands in brackets');
  return { host, port: number, ...(secret === undefined ? {} : { secret }) };
}

/** By host in lower case. A line may name the two ends, `client/server`: either is the one that is meant. */
function secretsIn(path: string): Map<string, string> {
  const secrets = new Map<string, string>();
  for (const { words, where } of linesOf(path)) {
    const [hosts, secret] = words;
    if (hosts === undefined || secret === undefined) throw fault(where, 'write HOST SECRET');
    for (const host of hosts.toLowerCase().split('/')) if (!secrets.has(host)) secrets.set(host, secret);
  }
  return secrets;
}

/** The lines that say something, as words. */
function linesOf(path: string): Line[] {
  return textOf(path)
    .split('\n')
    .map((line, at) => ({ words: line.trim().split(/[\s,]+/), where: `${path}:${at + 1}` }))
    .filter(({ words }) => words[0] !== '' && !words[0]!.startsWith('#'));
}

function textOf(path: string): string {
  try {
    if (statSync(path).size <= MOST_BYTES) return readFileSync(path, 'latin1');
  } catch (cause) {
    throw new GatehouseError('RADIUS_CLIENT_CONFIG', 'it cannot be read', { where: path, cause });
  }
  throw fault(path, `it has more than ${MOST_BYTES} bytes`);
}

function fault(where: string, message: string, hint?: string): GatehouseError {
  return new GatehouseError('RADIUS_CLIENT_CONFIG', message, { where, ...(hint === undefined ? {} : { hint }) });
}
