/** Looks for secrets in what was written, in the clear and in the forms that programs write texts in. */

export interface Secret {
  /** For the message of a failing test. */
  readonly what: string;
  readonly text: string;
  /** A code: it counts only where no other digit stands beside it. */
  readonly digits?: boolean;
}

/** `what` of all that stand in `written`, with the form they stand in. `written`: one character for each byte. */
export function leaksIn(written: string, secrets: readonly Secret[]): string[] {
  return secrets.flatMap(({ what, text, digits = false }) =>
    Object.entries(formsOf(Buffer.from(text)))
      .filter(([, form]) => (digits ? standsAlone(written, form) : written.includes(form)))
      .map(([name]) => `${what} (${name})`),
  );
}

/** One character for each byte, as `leaksIn` wants it. */
export function bytesOf(text: string | Buffer): string {
  return Buffer.from(text as string).toString('latin1');
}

function formsOf(secret: Buffer): Record<string, string> {
  const text = secret.toString();
  const hex = secret.toString('hex');
  const base64 = [0, 1, 2].map((offset) => base64At(secret, offset));
  return {
    clear: bytesOf(text),
    JSON: bytesOf(JSON.stringify(text).slice(1, -1)),
    'in a URL': encodeURIComponent(text),
    'in a form': new URLSearchParams({ '': text }).toString().slice(1),
    'all of it percent-encoded': hex.replace(/../g, '%$&'),
    hex,
    HEX: hex.toUpperCase(),
    'UTF-16LE': Buffer.from(text, 'utf16le').toString('latin1'),
    'UTF-16BE': Buffer.from(text, 'utf16le').swap16().toString('latin1'),
    ...Object.fromEntries(base64.map((one, offset) => [`base64 from ${offset} on`, one])),
    ...Object.fromEntries(
      base64.map((one, offset) => [`base64url from ${offset} on`, one.replaceAll('+', '-').replaceAll('/', '_')]),
    ),
  };
}

/** The letters that say nothing but the secret, wherever in a longer text it stands. */
function base64At(secret: Buffer, offset: number): string {
  const whole = Buffer.concat([Buffer.alloc(offset), secret]);
  return whole.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((whole.length * 8) / 6));
}

function standsAlone(written: string, code: string): boolean {
  for (let at = written.indexOf(code); at >= 0; at = written.indexOf(code, at + 1))
    if (!/\d/.test(written[at - 1] ?? '') && !/\d/.test(written[at + code.length] ?? '')) return true;
  return false;
}
