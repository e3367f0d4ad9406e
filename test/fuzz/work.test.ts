/**
 * The work that a message causes grows with its length and no faster: characters looked at are counted, not time. The string
 * methods that the parsers use are replaced by counting ones while a message is read, and their bytes lie in an array that counts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request, VIA } from '../torture/case.ts';
import { INVALID } from '../torture/invalid.ts';
import { VALID } from '../torture/valid.ts';
import { mutations } from './mutate.ts';

/** Looks at each character that a full reading may cost; a REGISTER needs about 6. */
const PER_CHARACTER = 40;
/** For what is looked at beyond the ends of short messages. */
const FLAT = 4000;

const SIZE = 20_000;
const HOSTILE: Record<string, string> = {
  'quotes that never close': request('OPTIONS', { contact: `Contact: ${'<sip:a@b>;x="'.repeat(SIZE / 13)}` }),
  'escaped quotes': request('OPTIONS', { contact: `Contact: <sip:a@b>;x="${'\\"'.repeat(SIZE / 2)}"` }),
  'backslashes before quotes': request('OPTIONS', {
    contact: `Contact: <sip:a@b>${`;x="${'\\\\'.repeat(20)}"`.repeat(SIZE / 44)}`,
  }),
  'Contacts by the thousand': request('OPTIONS', {
    contact: `Contact: ${Array(SIZE / 10)
      .fill('<sip:a@b>')
      .join(',')}`,
  }),
  'parameters by the thousand': request('OPTIONS', { from: `From: <sip:a@b>${';x=y'.repeat(SIZE / 4)};tag=1` }),
  'Vias by the thousand': request('OPTIONS', { via: `${VIA}${', SIP/2.0/UDP a'.repeat(SIZE / 15)}` }),
  'folds by the thousand': request('OPTIONS', {}, ['X: y', ...Array<string>(SIZE / 4).fill(' z')]),
  'escaped NULs by the thousand': request('OPTIONS', { from: `From: "${'\\\0'.repeat(SIZE / 2)}" <sip:a@b>` }),
  'spaces without end': request('OPTIONS', {
    cseq: `CSeq: 1${' '.repeat(SIZE)}OPTIONS`,
    from: `From:${' '.repeat(SIZE)}<sip:a@b>`,
  }),
  'colons in the user part': request('OPTIONS', { start: `OPTIONS sip:${'a:'.repeat(SIZE / 2)}@b SIP/2.0` }),
  'credentials of many parameters': request('REGISTER', {}, [`Authorization: Digest ${'a="b\\"c",'.repeat(SIZE / 9)}`]),
  'lines of quotes': request('OPTIONS', {}, Array<string>(200).fill(`m: <sip:a@b>;x="${'y'.repeat(100)}`)),
};

let looked = 0;

const PlainArray = globalThis.Uint8Array;
/** Indexed reads are what the parsers do; all else (its buffer) is handed through. */
function countingArray(size: number): Uint8Array {
  return new Proxy(new PlainArray(size), {
    get(array, key) {
      if (typeof key === 'string' && key >= '0' && key <= ':') looked++;
      return Reflect.get(array, key, array);
    },
  });
}
globalThis.Uint8Array = new Proxy(PlainArray, { construct: (_, [size]) => countingArray(size as number) });
await import('../../src/doors/sip/message/bytes.ts');
globalThis.Uint8Array = PlainArray;
const { word } = await import('../../src/doors/sip/message/chars.ts');
const { parseCredentials } = await import('../../src/doors/sip/message/credentials.ts');
const { canReply, findFault } = await import('../../src/doors/sip/message/faults.ts');
const { Header } = await import('../../src/doors/sip/message/header-names.ts');
const { param } = await import('../../src/doors/sip/message/name-addr.ts');
const { parseMessage } = await import('../../src/doors/sip/message/parse.ts');

/** Runs `work` with counting string methods; gives the number of characters looked at. */
function count(work: () => void): number {
  const { charCodeAt, indexOf, lastIndexOf, includes, startsWith } = String.prototype;
  looked = 0;
  String.prototype.charCodeAt = function (this: string, at) {
    looked++;
    return charCodeAt.call(this, at);
  };
  String.prototype.indexOf = function (this: string, what, from = 0) {
    const found = indexOf.call(this, what, from);
    looked += (found < 0 ? this.length : found) - Math.min(from, this.length) + 1;
    return found;
  };
  String.prototype.lastIndexOf = function (this: string, what, from = Number.MAX_SAFE_INTEGER) {
    const found = lastIndexOf.call(this, what, from);
    looked += Math.min(from, this.length) - found;
    return found;
  };
  String.prototype.includes = function (this: string, what, from = 0) {
    return this.indexOf(what, from) >= 0;
  };
  String.prototype.startsWith = function (this: string, what, from) {
    looked += what.length;
    return startsWith.call(this, what, from);
  };
  try {
    work();
  } finally {
    Object.assign(String.prototype, { charCodeAt, indexOf, lastIndexOf, includes, startsWith });
  }
  return looked;
}

function readAll(text: string): void {
  const message = parseMessage(text);
  if (message === undefined) return;
  findFault(message);
  canReply(message);
  for (const address of [message.from, message.to, ...(message.contacts ?? []).slice(0, 5)]) {
    if (address) param(message.text, address, word('tag'));
  }
  const credentials = message.value(Header.authorization);
  if (credentials !== undefined) parseCredentials(credentials);
  return void [
    message.viaCount,
    message.toUri,
    message.fromTag,
    message.toTag,
    message.body,
    message.valueNamed('X-None'),
  ];
}

function checkWork(name: string, text: string): void {
  const steps = count(() => readAll(text));
  const limit = PER_CHARACTER * text.length + FLAT;
  assert.ok(steps <= limit, `${name}: ${steps} looks at ${text.length} characters`);
}

test('the count sees what a usual message costs', () => {
  const text = request('OPTIONS', {});
  const steps = count(() => readAll(text));
  assert.ok(steps > 3 * text.length, `${steps} looks at ${text.length} characters`);
});

test('the count sees a quadratic scan', () => {
  const text = 'a'.repeat(1000);
  const steps = count(() => {
    for (let i = 0; i < text.length; i++) text.indexOf('b', i);
  });
  assert.ok(steps > PER_CHARACTER * text.length + FLAT);
});

for (const [name, text] of Object.entries(HOSTILE)) test(name, () => checkWork(name, text));

test('torture messages', () => {
  for (const one of [...VALID, ...INVALID]) checkWork(one.name, one.text);
});

test('broken messages', () => {
  for (const text of mutations(11, 2000)) checkWork(JSON.stringify(text), text);
});
