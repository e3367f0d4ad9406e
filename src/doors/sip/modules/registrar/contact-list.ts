/** The headers of a 200 to REGISTER: all bindings of the AOR, best first. Source: RFC 3261 section 10.3 step 8, RFC 3327 section 5.3. */
import type { Binding } from '../usrloc/binding.ts';
import type { LocationTable } from '../usrloc/table.ts';

/** RFC 3261 section 20.19: the largest number of seconds there is; said of contacts that never expire. */
const FOREVER = 4_294_967_295;

export function replyHeaders(table: LocationTable, aor: string, withPath: boolean): string {
  const now = table.seconds();
  let text = '';
  let path: string | null = null;
  for (let at = table.first(aor); at; at = at.next) {
    if (!at.validAt(now)) continue;
    text += (text === '' ? 'Contact: ' : ', ') + contactValue(at, now);
    path ??= at.path;
  }
  if (text !== '') text += '\r\n';
  return withPath && path !== null ? `${text}Path: ${path}\r\n` : text;
}

function contactValue(binding: Binding, now: number): string {
  const q = binding.q < 0 ? '' : `;q=${binding.q / 1000}`;
  const expires = binding.expires === 0 ? FOREVER : binding.expires - now;
  const received = binding.received === null ? '' : `;received="${binding.received}"`;
  return `<${binding.contact}>${q};expires=${expires}${received}`;
}
