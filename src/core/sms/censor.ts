/**
 * Configurations as they may be shown: secrets become a fixed word, and where that word comes back, the secret that was there stays.
 *
 * Secret is what stands under a name that says so, and the password within an address.
 */
import type { SmsConfig } from './types.ts';

export const CENSORED = '__CENSORED__';

const SECRET_NAME = /pass|pwd|secret|token|^(?:auth|access)?[_-]?key$|api[_-]?(?:key|id)|authorization|credential/i;
const ADDRESS = /^([a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:)([^/@\s]+)(?=@)/i;

export function censor(config: SmsConfig): SmsConfig {
  return walk(config, '') as SmsConfig;
}

/** Puts the secrets of `before` where `config` has the word. */
export function restore(config: SmsConfig, before: SmsConfig): SmsConfig {
  return merge(config, before) as SmsConfig;
}

/** All that `censor` would hide. */
export function secretsOf(config: SmsConfig): string[] {
  const found: string[] = [];
  gather(config, '', found);
  return found;
}

function gather(value: unknown, name: string, found: string[]): void {
  if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) gather(one, Array.isArray(value) ? name : key, found);
  } else if (SECRET_NAME.test(name)) found.push(String(value));
  else if (typeof value === 'string') {
    const inAddress = ADDRESS.exec(value)?.[2];
    if (inAddress !== undefined) found.push(inAddress, decoded(inAddress));
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function walk(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((one) => walk(one, name));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, walk(one, key)]));
  if (SECRET_NAME.test(name) && value !== '' && value !== null) return CENSORED;
  return typeof value === 'string' ? value.replace(ADDRESS, `$1${CENSORED}`) : value;
}

function merge(value: unknown, before: unknown): unknown {
  if (value === CENSORED) return before ?? value;
  if (typeof value === 'string' && typeof before === 'string') {
    const secret = ADDRESS.exec(before)?.[2];
    const isSame = secret !== undefined && serverOf(value) === serverOf(before);
    return isSame ? value.replace(`:${CENSORED}@`, () => `:${secret}@`) : value;
  }
  if (Array.isArray(value)) return value.map((one, i) => merge(one, Array.isArray(before) ? before[i] : undefined));
  if (typeof value !== 'object' || value === null) return value;
  const old = (typeof before === 'object' && before !== null ? before : {}) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, merge(one, Object.hasOwn(old, key) ? old[key] : undefined)]),
  );
}

/** So that a password goes to nobody else. */
function serverOf(address: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\/[^/@\s]*@([^/?#]+)/i.exec(address)?.slice(1).join(' ').toLowerCase();
}
