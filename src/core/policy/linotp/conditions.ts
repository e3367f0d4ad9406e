/**
 * Conditions of LinOTP's policies, with its surprises: in `realm`, `client` and `time` a `*` holds before exclusions are looked at, a condition
 * that only excludes holds for nobody, and an empty realm holds for no realm. What the question does not name is not looked at.
 *
 * user: `*`, `name`, `na*e`, `name@realm` (the realm in any case), `resolver:`, `name.resolver:`, and any of these (or nothing) with
 * `#attribute`, `#attribute==value`, `!=`, or `~=` and a regular expression. Errors: POLICY_INVALID.
 */
import { BlockList, isIP } from 'node:net';
import { ANY, EXACT, type Grade, invalidCondition, itemsOf, NOT, PATTERN } from '../condition.ts';
import { compileNamePattern, compileRegExp } from './name-pattern.ts';

/** Who asks. What is empty or absent is not asked for, as with LinOTP: conditions on it are not looked at. */
export interface Asker {
  /** Without realm. */
  readonly name?: string;
  readonly realm?: string;
  /** Where the user comes from. */
  readonly resolver?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** IP address. */
  readonly client?: string;
  readonly time: Date;
}

export type Grading = (asker: Asker) => Grade;
type Test = (asker: Asker) => boolean;

const ALWAYS: Grading = () => ANY;

export function compileUser(text: string): Grading {
  const items = itemsOf('user', text, ',').map(({ bare, excluded }) => ({
    excluded,
    grade: bare === '*' ? ALWAYS : userItem(bare),
  }));
  return (asker) => {
    if (!asker.name) return ANY;
    let best: Grade = NOT;
    for (const { excluded, grade } of items) {
      const found = grade(asker);
      if (found === NOT) continue;
      if (excluded) return NOT;
      best = Math.max(best, found) as Grade;
    }
    return best;
  };
}

export function compileRealm(text: string): Grading {
  const items = itemsOf('realm', text, ',').map(({ bare, excluded }) => ({ realm: bare.toLowerCase(), excluded }));
  if (items.some(({ realm, excluded }) => realm === '*' && !excluded)) return ALWAYS;
  return ({ realm }) => (realm ? listGrade(items, (one) => one.realm === realm.toLowerCase()) : ANY);
}

export function compileClient(text: string): Grading {
  const items = itemsOf('client', text, ',').map(({ bare, excluded }) => ({ network: networkOf(bare), excluded }));
  if (items.some(({ network, excluded }) => network === undefined && !excluded)) return ALWAYS;
  return ({ client }) => {
    if (!client) return ANY;
    const family = isIP(client) === 6 ? 'ipv6' : 'ipv4';
    return listGrade(items, ({ network }) => network?.check(client, family) ?? true);
  };
}

function listGrade<Item extends { readonly excluded: boolean }>(
  items: readonly Item[],
  holds: (item: Item) => boolean,
): Grade {
  let grade: Grade = NOT;
  for (const item of items) {
    if (!holds(item)) continue;
    if (item.excluded) return NOT;
    grade = EXACT;
  }
  return grade;
}

/** Undefined: `*`. */
function networkOf(item: string): BlockList | undefined {
  if (item === '*') return undefined;
  const [address = '', bits, ...more] = item.split('/');
  const family = isIP(address);
  const widest = family === 4 ? 32 : 128;
  const length = bits === undefined ? widest : Number(bits || Number.NaN);
  if (family === 0 || more.length > 0 || !(Number.isInteger(length) && length >= 0 && length <= widest)) {
    throw invalidCondition(
      'client',
      `${JSON.stringify(item)} is no address and no network`,
      'write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32',
    );
  }
  const network = new BlockList();
  network.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  return network;
}

/** Exact is what is written just as the user is called, with or without the realm or the resolver. */
function userItem(item: string): Grading {
  const [who = '', attribute] = splitOnce(item, '#');
  const isWho = whoTest(who);
  if (attribute !== undefined) {
    const hasIt = attributeTest(attribute);
    return (asker) => (isWho(asker) && hasIt(asker) ? PATTERN : NOT);
  }
  return (asker) => {
    if (!isWho(asker)) return NOT;
    const { name, realm, resolver } = asker;
    return item === name || item === `${name}@${realm}` || item === `${name}.${resolver}:` ? EXACT : PATTERN;
  };
}

function whoTest(who: string): Test {
  if (who === '') return () => true;
  const at = who.lastIndexOf('@');
  if (at >= 0) {
    const isName = compileNamePattern(who.slice(0, at), false);
    const isRealm = compileNamePattern(who.slice(at + 1), true);
    return ({ name = '', realm = '' }) => isName(name) && isRealm(realm);
  }
  if (!who.endsWith(':')) {
    const isName = compileNamePattern(who, false);
    return ({ name = '' }) => isName(name);
  }
  const dot = who.lastIndexOf('.');
  const wanted = who.slice(dot + 1, -1);
  if (wanted === '') throw invalidCondition('user', `${JSON.stringify(who)} names no resolver`);
  const isName = dot < 0 ? () => true : compileNamePattern(who.slice(0, dot), false);
  return ({ name = '', resolver }) => resolver === wanted && isName(name);
}

/** Of a user whose attributes nobody knows none of these holds. */
function attributeTest(text: string): Test {
  const [, key = '', sign = '', value = ''] = /^(.*?)\s*(?:([=!~]=)\s*(.*))?$/s.exec(text.trim()) ?? [];
  if (key === '') throw invalidCondition('user', `#${text.slice(0, 80)} names no attribute`);
  const matches = sign === '~=' ? compileRegExp(value) : (found: string) => found.trim() === value;
  return ({ attributes }) => {
    if (attributes === undefined) return false;
    const found = Object.hasOwn(attributes, key) ? attributes[key] : undefined;
    if (sign === '') return found !== undefined;
    const equal = found !== undefined && (sign !== '~=' || found !== '') && matches(found);
    return sign === '!=' ? !equal : equal;
  };
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
