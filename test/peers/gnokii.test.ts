/** DeviceSMSProvider through gnokii itself, whose fake telephone prints what it would send: SMS-SUBMIT TPDUs (3GPP TS 23.040 section 9.2.2.2). */
// peers: gnokii
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openHelper } from '../../src/platform/helper/helper.ts';
import { openDeviceProvider } from '../../src/sms/device/provider.ts';
import { folderFor } from './children.ts';
import { makeSite } from './gatehouse.ts';

interface Part {
  readonly to: string;
  readonly text: string;
  /** Reference, number of parts, which of them. */
  readonly header: readonly number[];
}

// 3GPP TS 23.038 section 6.2.1.
const ALPHABET = [
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?',
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
].join('');
const EXTENSION: Readonly<Record<number, string>> = { 20: '^', 40: '{', 41: '}', 47: '\\', 60: '[', 61: '~' };
const MORE: Readonly<Record<number, string>> = { 62: ']', 64: '|', 101: '€' };

function decode(hex: string): Part {
  const pdu = Buffer.from(hex, 'hex');
  let at = 1 + pdu[0]!; // the number of the message centre
  const hasHeader = (pdu[at]! & 0x40) !== 0;
  const validity = [0, 7, 1, 7][(pdu[at]! >> 3) & 3]!;
  const digits = pdu[at + 2]!;
  const isInternational = (pdu[at + 3]! & 0x70) === 0x10;
  at += 4;
  const number = pdu
    .subarray(at, at + Math.ceil(digits / 2))
    .toString('hex')
    .replace(/(.)(.)/g, '$2$1');
  at += Math.ceil(digits / 2);
  const coding = (pdu[at + 1]! >> 2) & 3;
  at += 2 + validity;
  const length = pdu[at]!;
  const data = pdu.subarray(at + 1);
  const headerBytes = hasHeader ? 1 + data[0]! : 0;
  const units = coding === 0 ? septets(data, length).slice(Math.ceil((8 * headerBytes) / 7)) : [];
  return {
    to: (isInternational ? '+' : '') + number.slice(0, digits),
    text: coding === 0 ? fromAlphabet(units) : fromUcs2(data.subarray(headerBytes, length)),
    header: [...data.subarray(0, headerBytes)].slice(3),
  };
}

function septets(data: Buffer, count: number): number[] {
  return Array.from({ length: count }, (_one, i) => {
    const [byte, bit] = [(7 * i) >> 3, (7 * i) & 7];
    return ((data[byte]! | ((data[byte + 1] ?? 0) << 8)) >> bit) & 0x7f;
  });
}

function fromAlphabet(units: readonly number[]): string {
  let text = '';
  for (let i = 0; i < units.length; i++) {
    const isExtended = units[i] === 0x1b;
    if (isExtended) i++;
    text += isExtended ? (EXTENSION[units[i]!] ?? MORE[units[i]!]) : ALPHABET[units[i]!];
  }
  return text;
}

function fromUcs2(bytes: Buffer): string {
  return Buffer.from(bytes).swap16().toString('utf16le');
}

test('gnokii sends what it is given: number, text, parts', async (t) => {
  const folder = folderFor(t, 'gatehouse-gnokii');
  const CONFIGFILE = join(folder, 'gnokiirc');
  writeFileSync(CONFIGFILE, '[global]\nmodel = fake\nport = /dev/null\nconnection = serial\n');
  const helper = openHelper();
  t.after(() => helper.close());
  let printed = '';
  const programs = {
    async run(request: Parameters<typeof helper.run>[0]) {
      const result = await helper.run(request);
      printed = `${result.stdout}${result.stderr}`;
      return result;
    },
  };
  const provider = openDeviceProvider({ CONFIGFILE, SMSC: '+491722270333' }, programs);
  const sent = async (number: string, text: string) => {
    assert.match(await provider.send({ number, text }), /Send succeeded|Message sent in/);
    return [...printed.matchAll(/^([0-9A-F]{26,})\u001a?$/gm)].map(([, hex]) => decode(hex!));
  };

  const short = 'Your code is 372873 {[€]}';
  assert.deepEqual(await sent('+491701234567', short), [{ to: '+491701234567', text: short, header: [] }]);
  assert.deepEqual(await sent('0170123', 'Zugang für Größe'), [
    { to: '0170123', text: 'Zugang für Größe', header: [] },
  ]);
  const cyrillic = 'Код 372873 – 你好';
  assert.deepEqual(await sent('+4917', cyrillic), [{ to: '+4917', text: cyrillic, header: [] }]);

  const long = Array.from({ length: 60 }, (_one, i) => `${String(i).padStart(4, '0')} `).join('');
  const parts = await sent('+491701234567', long);
  assert.deepEqual(
    parts.map(({ to, header }) => [to, header.slice(1)]),
    [
      ['+491701234567', [2, 1]],
      ['+491701234567', [2, 2]],
    ],
  );
  assert.equal(parts[0]!.header[0], parts[1]!.header[0]);
  assert.equal(parts.map(({ text }) => text).join(''), long);

  const absent = openDeviceProvider({ CONFIGFILE: '/etc/hostname' }, programs);
  await assert.rejects(absent.send({ number: '1', text: 'x' }), { code: 'SMS_REFUSED', message: /exit status 255/ });

  const site = await makeSite(t);
  const file = join(folder, 'provider.json');
  writeFileSync(file, JSON.stringify({ CONFIGFILE }));
  assert.equal(site.run('sms', 'set', 'telephone', 'smsprovider.DeviceSMSProvider.DeviceSMSProvider', file).status, 0);
  const done = site.run('sms', 'test', '+491701234567');
  assert.match(done.stdout, /^telephone took it: .*Send succeeded/m, done.stderr);
});
