/** The GSM 7 bit default alphabet with its extension table (3GPP TS 23.038, 6.2.1): one octet for each septet, as SMPP carries them. */

const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const ESCAPE = 0x1b;
const EXTENDED: readonly [char: string, code: number][] = [
  ['\f', 0x0a],
  ['^', 0x14],
  ['{', 0x28],
  ['}', 0x29],
  ['\\', 0x2f],
  ['[', 0x3c],
  ['~', 0x3d],
  [']', 0x3e],
  ['|', 0x40],
  ['€', 0x65],
];

const SEPTETS: ReadonlyMap<string, Uint8Array> = new Map([
  ...[...BASIC].map((char, code) => [char, Uint8Array.of(code)] as const).filter(([char]) => char !== '\u001b'),
  ...EXTENDED.map(([char, code]) => [char, Uint8Array.of(ESCAPE, code)] as const),
]);

/** Of one character; undefined: the alphabet does not have it. */
export function gsm7Septets(char: string): Uint8Array | undefined {
  return SEPTETS.get(char);
}
