/** What a gateway answered, as people and logs may see it: short, and without control characters. */
import type { GatewayAnswer } from './gateway.ts';

const LONGEST = 200;

export function shownAnswer({ status, text }: GatewayAnswer): string {
  const said = shownText(text);
  return said === '' ? `status ${status}` : `status ${status}, ${said}`;
}

/** `secrets`: what a gateway may repeat and nobody else should read. */
export function shownText(text: string, secrets: readonly string[] = []): string {
  let shown = text;
  for (const secret of secrets) if (secret !== '') shown = shown.replaceAll(secret, '…');
  return shown
    .slice(0, LONGEST)
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim();
}
