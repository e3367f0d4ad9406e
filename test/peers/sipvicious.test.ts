/** The scanner that every SIP server on the Internet meets: it learns no name and no password, and no telephone suffers. */
// peers: sipvicious
// alone: guesses as fast as it can
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { register, type SipClient, sipClient, statusOf } from '../sip-client.ts';
import { endWith } from './children.ts';
import { makeSite, type Site } from './gatehouse.ts';
import { freePort } from './ports.ts';

const domain = '127.0.0.1';
const PASSWORD = 'tenth-of-twenty';
const GUESSES = Array.from({ length: 20 }, (_, i) => (i === 9 ? PASSWORD : `guess${i}`));

test('sipvicious finds nobody, is slowed and then ignored, while a telephone beside it goes on working', async (t) => {
  const site = await makeSite(t, { domains: [`${domain}:5060`] });
  const users = ['101', '102', '103'].map((name) => `${name}@${domain},${PASSWORD},a@b.example`);
  assert.equal(site.import(users).status, 0);
  await site.start();
  const attack = new Attack(t, site);

  // That it could find something: the first word is right.
  assert.match(await attack.crack('103', [PASSWORD]), /\| 103 /);

  const honest = telephone(await sipClient(t, site.sip));
  const findings = await Promise.all([
    attack.run('svmap'),
    ...['REGISTER', 'INVITE', 'OPTIONS'].map((method) =>
      attack.run('svwar', '--force', '-e', '100-119', '-m', method, '--maximumtime=3'),
    ),
    attack.crack('101', GUESSES),
  ]);
  const registered = await honest.stop();

  const [map, ...others] = findings as [string, ...string[]];
  assert.match(map, /Gatehouse/);
  assert.doesNotMatch(map, /\b10[123]\b/);
  for (const found of others) {
    assert.match(found, /found nothing/);
    assert.doesNotMatch(found, /^\| (?!Extension)/m);
  }
  const metrics = await (await fetch(`http://127.0.0.1:${site.httpPort}/metrics`)).text();
  const count = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1]);
  assert.equal(
    count('gatehouse_gate_proven_total\\{kind="fresh"\\}'),
    registered + 1,
    'the telephone, and the first crack',
  );
  // Five, and one for each half minute that this machine took.
  assert.ok(count('gatehouse_gate_refused_total\\{reason="wrong-proof"\\}') < 9, 'no further guess was checked');
  assert.ok(count('gatehouse_gate_refused_total\\{reason="slowed"\\}') > 0);
  assert.ok(count('gatehouse_sip_dropped_total\\{kind="over_limit"\\}') > 0, 'most were ignored');
  assert.ok(auditOf(site).some((line) => line.includes('"wrong-proof"') && line.includes('101')));
  assert.ok(auditOf(site).some((line) => line.includes('"slowed"')));
});

class Attack {
  readonly #t: TestContext;
  readonly #site: Site;

  constructor(t: TestContext, site: Site) {
    this.#t = t;
    this.#site = site;
  }

  async crack(user: string, words: readonly string[]): Promise<string> {
    const dictionary = join(this.#site.folder, `words-${user}`);
    writeFileSync(dictionary, `${words.join('\n')}\n`);
    return this.run('svcrack', '-u', user, '-d', dictionary, '--maximumtime=3');
  }

  /** All that the program says. */
  async run(program: string, ...args: string[]): Promise<string> {
    const own = await freePort();
    const target = ['-p', String(this.#site.sipPort), '-b', '127.0.0.1', '-P', String(own), '127.0.0.1'];
    const child = spawn(program, [...args, ...target], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOME: this.#site.folder },
    });
    endWith(this.#t, child);
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return out + err;
  }
}

/** Registers again and again; each time it must work. */
function telephone(client: SipClient): { stop(): Promise<number> } {
  let isOn = true;
  const running = (async () => {
    let times = 0;
    for (; isOn; await sleep(200)) {
      const answer = await register(client, { domain, user: '102', password: PASSWORD }, 15_000);
      assert.equal(statusOf(answer), 200, answer ?? 'no answer');
      times++;
    }
    return times;
  })();
  running.catch(() => {}); // told by stop
  return {
    stop: () => {
      isOn = false;
      return running;
    },
  };
}

function auditOf(site: Site): string[] {
  const folder = join(site.folder, 'audit');
  return readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'));
}
