/** What a gateway answered, without control characters; core/sms/scrub.ts makes it fit to be shown. */
import type { GatewayAnswer } from './gateway.ts';

/** Longer than what is shown, so that the end cuts through no secret that is. */
const LONGEST = 1_000;

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
