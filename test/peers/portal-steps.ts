/** What a client of the portal does again and again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GATEWAY, type LabClient, type Seen } from './portal-lab.ts';

export const PORTAL = `http://${GATEWAY}:2050`;
/** What a telephone asks to see whether it is online: 204, else it is not. */
export const PROBE = 'http://connectivitycheck.gstatic.com/generate_204';

export function field(page: string, name: string): string {
  const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1];
  assert.ok(value !== undefined, `no field ${name} in ${page}`);
  return value.replaceAll('&amp;', '&');
}

/** Through the page that a probe leads to; gives the answer to the form. */
export async function logIn(client: LabClient, fields: Record<string, string> = {}): Promise<Seen> {
  const probe = await client.ask(PROBE);
  assert.equal(probe.status, 307, JSON.stringify(probe));
  const page = await client.ask(probe.headers.location!);
  assert.equal(page.status, 200, page.body);
  const form = { tok: field(page.body, 'tok'), redir: field(page.body, 'redir'), ...fields };
  const { origin } = new URL(probe.headers.location!);
  return client.ask({ url: `${origin}/nodogsplash_auth/`, method: 'POST', body: String(new URLSearchParams(form)) });
}

/** Exit status, and what it said. */
export function runNdsctl(socket: string, ...words: string[]): readonly [status: number | null, said: string] {
  const program = join(import.meta.dirname, '..', '..', 'bin', 'ndsctl');
  const { status, stdout } = spawnSync(process.execPath, [program, '-s', socket, ...words], { encoding: 'utf8' });
  return [status, stdout.trim()];
}

export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 15_000; !(await isSo()); await sleep(50))
    if (Date.now() > end) assert.fail(`it did not happen: ${what}`);
}

/** What got through last on its streams, in both directions, once they are cut: when it was sent. */
export async function lastOf(client: LabClient): Promise<[to: number, from: number]> {
  let last: [number, number] = [0, 0];
  await until('nothing is heard any more', async () => {
    const { to, from } = await client.lastBeats();
    last = [to, from];
    return Math.max(to, from) < Date.now() - 1_500;
  });
  return last;
}
