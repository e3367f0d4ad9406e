/** Configuration options as LCP and CBCP list them: type, length with these two bytes, value (RFC 1661 section 6). */

export interface Option {
  readonly type: number;
  readonly value: Buffer;
}

/** Undefined: a length that cannot be. */
export function readOptions(data: Buffer): Option[] | undefined {
  const options: Option[] = [];
  for (let at = 0; at < data.length; ) {
    const length = data[at + 1] ?? 0;
    if (length < 2 || at + length > data.length) return undefined;
    options.push({ type: data[at]!, value: data.subarray(at + 2, at + length) });
    at += length;
  }
  return options;
}

export function writeOptions(options: readonly Option[]): Buffer {
  return Buffer.concat(options.flatMap(({ type, value }) => [Buffer.of(type, value.length + 2), value]));
}
