/**
 * The text of a message as it goes on the wire: an encoding that has all of its characters, and parts that telephones join again
 * (3GPP TS 23.040, 9.2.3.24.1).
 *
 * Latin-1 is what LinOTP sends, with its data_coding. What the wanted alphabet lacks makes the whole message UCS-2: nothing is dropped.
 * Neither an escape nor a surrogate pair is torn between two parts. Errors: SMS_REFUSED where the parts cannot be numbered.
 */
import { GatehouseError } from '../../platform/errors.ts';
import { gsm7Septets } from './gsm7.ts';

export type Alphabet = 'latin1' | 'gsm7' | 'ucs2';

export interface TextPart {
  readonly dataCoding: number;
  /** 0x40: the octets begin with a header (UDHI). */
  readonly esmClass: number;
  readonly octets: Uint8Array;
}

interface Char {
  readonly octets: Uint8Array;
  /** What it takes of a part. */
  readonly weight: number;
}

interface Rules {
  readonly dataCoding: number;
  /** The most octets of a message in one piece. */
  readonly alone: number;
  /** The most weight beside the header. */
  readonly part: number;
  encode(char: string): Char | undefined;
}

const RULES: Readonly<Record<Alphabet, Rules>> = {
  latin1: {
    dataCoding: 3,
    alone: 160,
    part: 153,
    // On the air it is seven bits again, where some characters take two places.
    encode: (char) =>
      char <= '\u00ff' ? { octets: Buffer.from(char, 'latin1'), weight: gsm7Septets(char)?.length ?? 1 } : undefined,
  },
  gsm7: {
    dataCoding: 0,
    alone: 160,
    part: 153,
    encode: (char) => {
      const octets = gsm7Septets(char);
      return octets && { octets, weight: octets.length };
    },
  },
  ucs2: {
    dataCoding: 8,
    alone: 140,
    part: 134,
    encode: (char) => {
      const octets = Buffer.from(char, 'utf16le').swap16();
      return { octets, weight: octets.length };
    },
  },
};

const HEADER_FOLLOWS = 0x40;
const MOST_PARTS = 255;

/** `reference`: an octet that tells the parts of this message from those of the last ones to the same telephone. */
export function textParts(text: string, wanted: Alphabet, reference: number): TextPart[] {
  // No alphabet has more in a part; what is longer is not even encoded.
  if (text.length > MOST_PARTS * RULES.gsm7.part) throw tooLong(text);
  const wellFormed = text.toWellFormed();
  const [rules, chars] = encodeAll(wellFormed, RULES[wanted]) ?? encodeAll(wellFormed, RULES.ucs2)!;
  const { dataCoding } = rules;
  const whole = Buffer.concat(chars.map(({ octets }) => octets));
  if (whole.length <= rules.alone) return [{ dataCoding, esmClass: 0, octets: whole }];
  const pieces = pack(chars, rules.part);
  if (pieces.length > MOST_PARTS) throw tooLong(text);
  return pieces.map((piece, i) => {
    const header = Uint8Array.of(5, 0, 3, reference, pieces.length, i + 1);
    return { dataCoding, esmClass: HEADER_FOLLOWS, octets: Buffer.concat([header, ...piece]) };
  });
}

function tooLong(text: string): GatehouseError {
  return new GatehouseError('SMS_REFUSED', `a text of ${text.length} characters is too long for an SMS`, {
    hint: `an SMS has at most ${MOST_PARTS} parts`,
  });
}

function encodeAll(text: string, rules: Rules): [Rules, Char[]] | undefined {
  const chars: Char[] = [];
  for (const char of text) {
    const encoded = rules.encode(char);
    if (encoded === undefined) return undefined;
    chars.push(encoded);
  }
  return [rules, chars];
}

function pack(chars: readonly Char[], most: number): Uint8Array[][] {
  const pieces: Uint8Array[][] = [];
  let room = 0;
  for (const { octets, weight } of chars) {
    if (weight > room) {
      pieces.push([]);
      room = most;
    }
    pieces.at(-1)!.push(octets);
    room -= weight;
  }
  return pieces;
}
