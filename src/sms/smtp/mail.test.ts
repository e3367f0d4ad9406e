import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mailText } from './mail.ts';
import { readMailbox } from './mailbox.ts';

const ADDRESSES = { from: readMailbox('a@b.example')!, to: readMailbox('c@d.example')! };
const HEADERS = ['From', 'To', 'Subject', 'Date', 'Message-ID'];
const MIME = ['MIME-Version', 'Content-Type', 'Content-Transfer-Encoding'];
const text = fc.string({
  unit: fc.oneof(fc.constantFrom('\r', '\n', '\0', ':', ' ', '=?', '.', '"'), fc.string({ unit: 'binary' })),
});

test('whatever subject and body are, there are these headers and no others, in ASCII and short lines', () => {
  fc.assert(
    fc.property(text, text, (subject, body) => {
      const mail = mailText({ ...ADDRESSES, subject, body }, new Date(0), 'id');
      assert.match(mail, /^[\u0001-\u007f]*\r\n$/);
      const lines = mail.split('\r\n');
      assert.ok(lines.every((line) => !/[\r\n]/.test(line) && line.length <= 998));
      const head = lines
        .slice(0, lines.indexOf(''))
        .join('\r\n')
        .replace(/\r\n(?=[ \t])/g, '');
      const names = head.split('\r\n').map((line) => line.slice(0, line.indexOf(':')));
      assert.deepEqual(names, names.length === HEADERS.length ? HEADERS : [...HEADERS, ...MIME]);
    }),
  );
});

test('an address is one address', () => {
  fc.assert(
    fc.property(text, (name) => {
      const mailbox = readMailbox(`${name}@d.example`);
      if (mailbox) assert.match(mailbox.address, /^[^\s<>@,;:"\0]+(?:@[^\s<>@,;"\0]+)?$/);
    }),
  );
});
