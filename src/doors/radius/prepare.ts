/** What can be said of the configuration before anything is opened. Problems: RADIUS_CLIENT_TWICE, RADIUS_SECRET_SHORT, RADIUS_UNSIGNED. */
import type { GatehouseError } from '../../platform/errors.ts';
import type { Problem } from '../../platform/problems.ts';
import type { RadiusConfig } from './config.ts';
import { loadDictionaries } from './dictionaries.ts';
import type { RadiusErrorCode } from './errors.ts';

/** RFC 2865 section 3 wants 16 bytes of it. */
const GOOD_SECRET = 16;

export function checkRadius({ clients, dictionaries }: RadiusConfig): Problem[] {
  const problems: Problem[] = [];
  const tell = (severity: Problem['severity'], code: RadiusErrorCode, message: string, cure: string) =>
    problems.push({ severity, code, file: '`radius` of gatehouse.yaml', line: 0, column: 0, message, cure });
  try {
    loadDictionaries(dictionaries);
  } catch (error) {
    const { message, where } = error as GatehouseError;
    tell('error', 'RADIUS_DICTIONARY', `${where ? `${where}: ` : ''}${message}`, 'see radius.dictionaries');
  }
  const names = new Set<string>();
  const addresses = new Map<string, string>();
  for (const { name, address, secret, message_authenticator } of clients) {
    const place = `${address.address}/${address.bits}`;
    if (names.has(name)) tell('error', 'RADIUS_CLIENT_TWICE', `two clients are called ${name}`, 'rename one of them');
    const other = addresses.get(place);
    if (other !== undefined)
      tell('error', 'RADIUS_CLIENT_TWICE', `${other} and ${name} both have ${place}`, 'remove one of them');
    names.add(name);
    addresses.set(place, name);
    if (secret.length < GOOD_SECRET) {
      const message = `the secret of ${name} has ${secret.length} characters`;
      tell('warning', 'RADIUS_SECRET_SHORT', message, `take ${GOOD_SECRET} or more: openssl rand -base64 24`);
    }
    if (message_authenticator === 'optional') {
      const message = `${name} may leave out the Message-Authenticator: its requests can be bent on the way`;
      tell('warning', 'RADIUS_UNSIGNED', message, 'update the equipment, then remove `message_authenticator`');
    }
  }
  return problems;
}
