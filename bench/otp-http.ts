/**
 * The same over HTTP, as LinOTP's plug-ins ask: /validate/check with PIN and value, beside /validate/ok of the same server, which does
 * nothing. 32 kept connections from this process, on the same processors; the server's CPU alone is counted, and the database's.
 */
import { Pool } from 'undici';
import { hotp } from '../src/core/tokens/hotp.ts';
import type { Cleanup } from '../test/peers/cleanup.ts';
import { makeSite } from '../test/peers/gatehouse.ts';
import { cpuSeconds } from './processes.ts';

const PEOPLE = 500;
const EACH = 20;
/** Of the first that many codes of each nothing is counted: the server is warmed up with them. */
const WARM = 4;
const CONNECTIONS = 32;
const PIN = 'geheim';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** `database`: absent is SQLite. */
export async function checksOverHttp(stage: Cleanup, database?: { readonly url: string; readonly pid: number }) {
  const site = await makeSite(stage, database ? { database: database.url } : {});
  const server = await site.start();
  stage.after(async () => void (await server.stop('SIGKILL')));
  const names = Array.from({ length: PEOPLE }, (_, i) => `user${i}`);
  const { status, stderr } = site.import(names.map((name) => `${name},password-of-${name},`));
  if (status !== 0) throw new Error(`the users could not be imported:\n${stderr}`);
  const seeds = names.map((name) => Buffer.from(name.padEnd(20, '.')));
  const pool = new Pool(`http://127.0.0.1:${site.httpPort}`, { connections: CONNECTIONS, pipelining: 1 });

  const login = 'username=admin&password=a+password+of+the+tests';
  const { headers, body } = await pool.request({ path: '/admin/login', method: 'POST', body: login, headers: FORM });
  await body.dump();
  const cookies = [headers['set-cookie'] ?? []].flat().map((cookie) => cookie.split(';', 1)[0]!);
  const csrf = cookies.find((cookie) => cookie.startsWith('csrf_access_token='))?.split('=')[1] ?? '';
  const asAdmin = { cookie: cookies.join('; '), 'x-csrf-token': csrf };

  await atOnce(PEOPLE, async (i) => {
    const fields = { type: 'hmac', user: names[i]!, pin: PIN, otpkey: seeds[i]!.toString('hex') };
    await post('/admin/init', new URLSearchParams(fields).toString(), asAdmin);
  });
  const check = (round: number) => (n: number) => {
    const [i, counter] = [n % PEOPLE, round + Math.floor(n / PEOPLE)];
    return post('/validate/check', `user=${names[i]}&pass=${PIN}${hotp(seeds[i]!, counter, 6, 'sha1')}`);
  };
  const nothing = () => post('/validate/ok', 'user=nobody&pass=nothing');
  await atOnce(PEOPLE * WARM, check(0));
  await atOnce(PEOPLE * WARM, nothing);
  const ok = await measured(PEOPLE * (EACH - WARM), nothing);
  const checks = await measured(PEOPLE * (EACH - WARM), check(WARM));
  await pool.close();
  return { check: checks, ok, shareOfOk: Number((checks.perSecond / ok.perSecond).toFixed(2)) };

  async function post(path: string, body: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const reply = await pool.request({ path, method: 'POST', body, headers: { ...FORM, ...more } });
    const text = await reply.body.text();
    if (!text.includes('"value":true')) throw new Error(`${path} ${body}: ${text}`);
  }

  async function measured(count: number, one: (n: number) => Promise<void>) {
    const before = [cpuSeconds(server.pid), database ? cpuSeconds(database.pid) : 0] as const;
    const begun = performance.now();
    await atOnce(count, one);
    const seconds = (performance.now() - begun) / 1000;
    const cost = (pid: number, then: number) => Math.round((1_000_000 * (cpuSeconds(pid) - then)) / count);
    return {
      perSecond: Math.round(count / seconds),
      usPerRequest: cost(server.pid, before[0]),
      ...(database ? { usServer: cost(database.pid, before[1]) } : {}),
    };
  }
}

async function atOnce(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}
