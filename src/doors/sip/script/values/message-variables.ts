/** The message itself: where it came from, its first line, headers, body, and the credentials it brings. */
import { parseCredentials } from '../../message/credentials.ts';
import { Header, headerId } from '../../message/header-names.ts';
import type { Run } from '../../run.ts';
import { headerValues } from './address-variables.ts';
import { type Family, type Getter, readOnly, type Variable } from './types.ts';

const text = (read: Getter): Variable => readOnly(read);
const number = (read: Getter): Variable => readOnly(read, true);

const LAST_ID = { value: 0 };

const PLAIN: Readonly<Record<string, Variable>> = {
  si: text((run) => run.source.address),
  src_ip: text((run) => run.source.address),
  sp: number((run) => run.source.port),
  Ri: text((run) => run.source.point.address),
  Rp: number((run) => run.source.point.port),
  pr: text((run) => run.source.point.protocol),
  proto: text((run) => run.source.point.protocol),
  rm: text((run) => (run.message.isRequest ? run.message.method : run.message.cseq?.method)),
  rs: number((run) => run.message.status || undefined),
  rr: text((run) => (run.message.isRequest ? undefined : run.message.reason)),
  mi: number(messageId),
  ml: number((run) => run.message.raw.length),
  mb: text((run) => run.message.raw),
  rb: text((run) => run.message.body || undefined),
  ci: text((run) => run.message.callId || undefined),
  cs: number((run) => run.message.cseq?.number),
  ct: text((run) => run.message.value(Header.contact)),
  cT: text((run) => run.message.value(Header.contentType)),
  cl: number((run) => (run.message.contentLength < 0 ? undefined : run.message.contentLength)),
  ua: text((run) => run.message.value(Header.userAgent)),
  pp: number(() => process.pid),
  au: text((run) => credentialsOf(run)?.username.split('@')[0] || undefined),
  aU: text((run) => credentialsOf(run)?.username || undefined),
  ar: text((run) => credentialsOf(run)?.realm || undefined),
  adu: text((run) => credentialsOf(run)?.uri || undefined),
  ad: text((run) => credentialsOf(run)?.uri || undefined),
  'err.class': number((run) => run.fault && 2),
  'err.level': number((run) => run.fault && 1),
  'err.info': text((run) => run.fault?.reason),
  'err.rcode': number((run) => run.fault?.status),
  'err.rreason': text((run) => run.fault?.reason),
};
export const MESSAGE_NAMES = [...Object.keys(PLAIN), 'hdr', 'Tf', 'Ts'];

export const messageVariables: Family = (name, { host }, inner) => {
  if (name.class === 'hdr') return header(name.inner, name.index, inner);
  if (name.class === 'Ts') return number(() => Math.floor(host.now() / 1000));
  if (name.class === 'Tf') return text(() => calendarTime(new Date(host.now())));
  return PLAIN[name.class];
};

function header(
  written: string | undefined,
  index: number | '*' | undefined,
  inner: (text: string) => Variable | string,
): Variable | string {
  if (written?.startsWith('$')) {
    const variable = inner(written);
    if (typeof variable === 'string') return variable;
    return text((run) => headerAt(run, String(variable.read(run) ?? ''), index));
  }
  if (!written || !/^[\w!%*+.'`~-]+$/.test(written)) return 'the name of a header is wanted, as in $hdr(Subject)';
  const name = written.toLowerCase();
  if (index === undefined) return text((run) => run.message.valueNamed(name));
  return text((run) => headerAt(run, name, index));
}

/** A negative index counts from the last one. */
function headerAt({ message }: Run, written: string, index: number | '*' | undefined): string | undefined {
  const name = written.toLowerCase();
  if (index === undefined || index === 0) return message.valueNamed(name);
  const values = headerValues(message, headerId(name), name);
  if (index === '*') return values.length === 0 ? undefined : values.join(',');
  return values.at(index);
}

/** Proxy-Authorization first; none for ACK and CANCEL. */
function credentialsOf({ message }: Run) {
  if (message.method === 'ACK' || message.method === 'CANCEL') return undefined;
  const value = message.value(Header.proxyAuthorization) ?? message.value(Header.authorization);
  return value === undefined ? undefined : parseCredentials(value);
}

function messageId(run: Run): number {
  run.id ||= ++LAST_ID.value;
  return run.id;
}

/** As C's asctime: `Fri Nov 21 10:11:12 2026`. */
function calendarTime(date: Date): string {
  const [day, month, number, year] = date.toDateString().split(' ');
  return `${day} ${month} ${String(Number(number)).padStart(2)} ${date.toTimeString().slice(0, 8)} ${year}`;
}
