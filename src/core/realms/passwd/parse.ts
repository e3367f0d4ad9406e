/**
 * A file in the form of /etc/passwd, `login:hash:uid:gid:gecos:home:shell`, as LinOTP's PasswdIdResolver reads it: of gecos, whose fields are parted by
 * commas, the name (given name up to the first blank), the third as mobile number, the fourth as telephone, and an address with an @ from
 * the fifth on.
 *
 * Texts are UTF-8, a line that is not is Latin-1. Lines that cannot be taken are left out and named, with no word of what stands in them.
 * Source: passwd(5); LinOTP 3, PasswdIdResolver.
 */
import { attributesOf, type PersonRecord } from '../source.ts';

export interface PasswdEntry {
  readonly record: PersonRecord;
  readonly hash: string;
}

export interface PasswdFile {
  readonly byLogin: ReadonlyMap<string, PasswdEntry>;
  readonly byId: ReadonlyMap<string, PasswdEntry>;
  /** `FILE:LINE: what is wrong`, the first hundred. */
  readonly faults: readonly string[];
}

const LONGEST_LINE = 4096;
const MOST_FAULTS = 100;

export function parsePasswd(bytes: Buffer, file: string): PasswdFile {
  const byLogin = new Map<string, PasswdEntry>();
  const byId = new Map<string, PasswdEntry>();
  const faults: string[] = [];
  let number = 0;
  for (const line of linesOf(bytes)) {
    number++;
    const fault = take(line);
    if (fault !== undefined && faults.length < MOST_FAULTS) faults.push(`${file}:${number}: ${fault}`);
  }
  return { byLogin, byId, faults };

  function take(bytesOfLine: Buffer): string | undefined {
    if (bytesOfLine.length > LONGEST_LINE) return `longer than ${LONGEST_LINE} bytes`;
    const line = textOf(bytesOfLine).trim();
    if (line === '' || line.startsWith('#')) return undefined;
    const [login = '', hash = '', id = '', , gecos = ''] = line.split(':');
    if (login === '' || id === '') return 'login:hash:uid:… is expected';
    if (/[\s\p{Cc}]/u.test(login)) return 'the login has blanks or control characters';
    if (/^[+-]/.test(login)) return 'entries of NIS are not looked up';
    if (byLogin.has(login)) return 'the login has been there before';
    // A uid is what tokens belong to: who shares one would share them.
    if (byId.has(id)) return `the uid is that of ${byId.get(id)!.record.login} already`;
    const entry = { record: recordOf(login, id, gecos), hash };
    byLogin.set(login, entry);
    byId.set(id, entry);
    return undefined;
  }
}

function recordOf(login: string, id: string, gecos: string): PersonRecord {
  const fields = gecos.split(',').map((field) => field.trim());
  const [name = '', , mobile, phone] = fields;
  const blank = name.indexOf(' ');
  const numbers = fields.length >= 4 ? { mobile, phone } : {};
  return {
    id,
    login,
    attributes: attributesOf({
      username: login,
      userid: id,
      description: gecos,
      givenname: blank < 0 ? name : name.slice(0, blank),
      surname: blank < 0 ? '' : name.slice(blank + 1).trim(),
      email: fields.slice(4).findLast((field) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(field)),
      ...numbers,
    }),
  };
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    yield bytes.subarray(at, end < 0 ? bytes.length : end);
    at = end < 0 ? bytes.length : end + 1;
  }
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? bytes.toString('latin1') : text;
}
