/** Who: From, To and the headers that name somebody, whole ($fu) or in parts ($fU, $fd, $fn, $ft). */
import { Header, type HeaderId } from '../../message/header-names.ts';
import type { NameAddr, SipMessage } from '../../message/message.ts';
import { parseNameAddr } from '../../message/name-addr.ts';
import { parseUri, type SipUri } from '../../message/uri.ts';
import { type Family, type Getter, readOnly } from './types.ts';

interface Address {
  whole(message: SipMessage): NameAddr | undefined;
  uri(message: SipMessage): SipUri | undefined;
}

const from: Address = { whole: (m) => m.from, uri: (m) => m.fromUri };
const to: Address = { whole: (m) => m.to, uri: (m) => m.toUri };
const preferred = named('P-Preferred-Identity');

const user =
  ({ uri }: Address): Getter =>
  (run) =>
    uri(run.message)?.user || undefined;
const domain =
  ({ uri }: Address): Getter =>
  (run) =>
    uri(run.message)?.host || undefined;
const whole =
  ({ whole: find }: Address): Getter =>
  (run) =>
    find(run.message)?.uri;
const display =
  ({ whole: find }: Address): Getter =>
  (run) =>
    find(run.message)?.display || undefined;

const GETTERS: Readonly<Record<string, Getter>> = {
  fu: whole(from),
  from: whole(from),
  fU: user(from),
  'from.user': user(from),
  fd: domain(from),
  'from.domain': domain(from),
  fn: display(from),
  ft: (run) => run.message.fromTag || undefined,
  tu: whole(to),
  to: whole(to),
  tU: user(to),
  'to.user': user(to),
  td: domain(to),
  'to.domain': domain(to),
  tn: display(to),
  tt: (run) => run.message.toTag || undefined,
  pu: whole(preferred),
  pU: user(preferred),
  pd: domain(preferred),
  pn: display(preferred),
  rt: whole({ ...preferred, whole: (m) => addressIn(m.value(Header.referTo)) }),
  re: whole(named('Remote-Party-ID')),
  ai: whole(named('P-Asserted-Identity')),
  di: whole(named('Diversion')),
};
export const ADDRESS_NAMES = Object.keys(GETTERS);

export const addressVariables: Family = ({ class: name }) => {
  const getter = GETTERS[name];
  return getter && readOnly(getter);
};

function named(header: string): Address {
  const find = (message: SipMessage) => addressIn(message.valueNamed(header));
  return {
    whole: find,
    uri(message) {
      const one = find(message);
      return one && parseUri(one.uri);
    },
  };
}

function addressIn(value: string | undefined): NameAddr | undefined {
  return value === undefined ? undefined : parseNameAddr(value);
}

/** Shared with the headers by name: all values of one header, in order. */
export function headerValues(message: SipMessage, id: HeaderId, name: string): string[] {
  const values: string[] = [];
  for (let index = message.indexOf(id); index >= 0; index = message.indexOf(id, index + 1)) {
    if (id !== Header.other || message.nameAt(index).toLowerCase() === name) values.push(message.valueAt(index));
  }
  return values;
}
