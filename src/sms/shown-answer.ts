/** What a gateway answered, as people and logs may see it: short, and without control characters. */
import type { GatewayAnswer } from './gateway.ts';

const LONGEST = 200;

export function shownAnswer({ status, text }: GatewayAnswer): string {
  const said = text
    .slice(0, LONGEST)
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim();
  return said === '' ? `status ${status}` : `status ${status}, ${said}`;
}
