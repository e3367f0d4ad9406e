/** The small environment of an administrator's program. */

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Only these go along of our own environment. */
const KEPT = ['TZ', 'LANG'];

/** What no environment can hold is left out of `more`. */
export function programEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const env: Record<string, string> = { PATH };
  for (const name of KEPT) if (process.env[name]) env[name] = process.env[name];
  for (const [name, value] of Object.entries(more)) if (!value.includes('\0')) env[name] = value;
  return env;
}
