/**
 * Mail addresses as they stand in a configuration: `otp@example.com`, or `Name <otp@example.com>` (RFC 5322 section 3.4).
 *
 * Only what needs no quoting in an envelope is one: ASCII, no blanks, quotes, brackets or control characters. The domain may be absent, as
 * some gateways want it.
 */
import { encodeWord } from 'nodemailer/lib/mime-funcs';

export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

const LOCAL = "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}";
const ADDRESS = new RegExp(`^${LOCAL}(?:@(?:[A-Za-z0-9][A-Za-z0-9.-]{0,253}|\\[[A-Za-z0-9.:]{2,64}\\]))?$`);

export function readMailbox(text: string): Mailbox | undefined {
  const [, name = '', address = text] = /^([^<>]*)<([^<>]*)>$/.exec(text) ?? [];
  return ADDRESS.test(address.trim())
    ? { name: name.trim().replace(/^"(.*)"$/, '$1'), address: address.trim() }
    : undefined;
}

/** For a header. */
export function mailboxText({ name, address }: Mailbox): string {
  if (name === '') return address;
  return `${phrase(name)} <${address}>`;
}

function phrase(name: string): string {
  if (/[^ -~]/.test(name)) return encodeWord(name, 'Q', 52);
  return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`;
}
