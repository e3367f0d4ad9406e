/**
 * A message for a mail gateway (RFC 5322): plain text where it is ASCII, else with an encoded subject (RFC 2047) and a MIME body in UTF-8.
 *
 * Gateways read subject and body by machine, so that nothing is encoded that need not be. What comes from outside cannot make a header: control
 * characters in the subject become blanks.
 */
import { encodeWord, foldLines } from 'nodemailer/lib/mime-funcs';
import { encode, wrap } from 'nodemailer/lib/qp';
import { type Mailbox, mailboxText } from './mailbox.ts';

export interface Mail {
  readonly from: Mailbox;
  readonly to: Mailbox;
  readonly subject: string;
  readonly body: string;
}

/** RFC 5322 section 2.1.1, without CRLF. */
const LONGEST_LINE = 998;

/** As bytes: pure ASCII, lines end with CRLF, the last one too. `id` is unique for ever. */
export function mailText({ from, to, subject, body }: Mail, date: Date, id: string): string {
  const lines = body
    .toWellFormed()
    .replaceAll('\0', '')
    .split(/\r\n|\r|\n/);
  if (lines.length > 1 && lines.at(-1) === '') lines.pop();
  const isPlain = lines.every((line) => line.length <= LONGEST_LINE && isAscii(line));
  const head = [
    `From: ${mailboxText(from)}`,
    `To: ${mailboxText(to)}`,
    `Subject: ${subjectText(subject.toWellFormed())}`,
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@${from.address.split('@')[1] ?? 'localhost'}>`,
  ];
  const mime = [
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
  ];
  const text = lines.join('\r\n');
  return [
    ...(isPlain ? head : [...head, ...mime]).map((line) => foldLines(line, 76)),
    '',
    isPlain ? text : wrap(encode(text)),
    '',
  ].join('\r\n');
}

function subjectText(subject: string): string {
  const line = subject.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
  // What looks like an encoded word would be decoded by whoever reads it.
  return isAscii(line) && !line.includes('=?') ? line : encodeWord(line, 'Q', 52);
}

function isAscii(text: string): boolean {
  return !/[^\u0001-\u007f]/.test(text);
}
