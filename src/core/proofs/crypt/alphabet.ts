/** The 64 characters of crypt(3), least significant six bits first, unlike base64. */
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The lowest `characters` * 6 bits of the value. */
export function crypt64(value: number, characters: number): string {
  let text = '';
  let left = value;
  for (let i = 0; i < characters; i++) {
    text += ALPHABET[left & 63];
    left >>>= 6;
  }
  return text;
}

export function crypt64Value(character: string): number {
  return ALPHABET.indexOf(character);
}

/** Bytes by three in the order that a scheme gives; a group of fewer is one of its own length. */
export function crypt64Bytes(bytes: Buffer, groups: readonly (readonly number[])[]): string {
  return groups
    .map((group) => {
      const value = group.reduce((sum, at) => sum * 256 + bytes[at]!, 0);
      return crypt64(value, [0, 2, 3, 4][group.length]!);
    })
    .join('');
}
