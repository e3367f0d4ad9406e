/**
 * The first leg: who wants to be called back, and at which of his numbers. No secret is asked for: anybody may have called, and the line may be
 * tapped.
 *
 * Whoever is asked about gets the same dialogue, and at the same speed: what the gate thinks of it is not waited for, the line is hung up
 * first. Names that nobody has are shown aliases like others.
 */
import type { Terminal } from './terminal.ts';
import { type DialTexts, filled } from './texts.ts';

export interface Request {
  readonly user: string;
  readonly domain: string;
  /** An alias, or, where a policy lets him, a number. */
  readonly to: string;
}

export interface RequestParts {
  readonly texts: DialTexts;
  readonly timeoutMs: number;
  /** The aliases to show for this name; rejects where users cannot be asked for. */
  shown(user: string, domain: string): Promise<readonly string[]>;
}

/** How often an empty line is answered with the prompt again. */
const PATIENCE = 5;

/** Undefined: nothing came of it. */
export async function askWhom(terminal: Terminal, parts: RequestParts): Promise<Request | undefined> {
  const { texts, timeoutMs } = parts;
  terminal.say(texts.banner);
  const name = await insist(terminal, texts.login, timeoutMs);
  if (name === undefined) return undefined;
  const { user, domain } = loginOf(name);
  const aliases = await parts.shown(user, domain);
  terminal.say(`${filled(texts.numbers, user)}\n${aliases.map((alias) => `  ${alias}\n`).join('')}`);
  const to = await insist(terminal, texts.choose, timeoutMs);
  if (to === undefined) return undefined;
  terminal.say(filled(texts.goodbye, user));
  return { user, domain, to };
}

export function loginOf(name: string): { user: string; domain: string } {
  const at = name.lastIndexOf('@');
  return at < 0 ? { user: name, domain: '' } : { user: name.slice(0, at), domain: name.slice(at + 1) };
}

/** A script that wakes the line by returns is no fault. */
export async function insist(terminal: Terminal, prompt: string, timeoutMs: number): Promise<string | undefined> {
  for (let i = 0; i < PATIENCE; i++) {
    const text = (await terminal.ask({ prompt, echo: true, timeoutMs }))?.trim();
    if (text !== '') return text;
  }
  return undefined;
}
