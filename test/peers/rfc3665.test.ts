// peers: sipp
/**
 * The call flows of RFC 3665 through two Gatehouses, the proxies of atlanta.test and biloxi.test, all at the same time: sipp plays the
 * telephones (sipp/rfc3665), and its scenarios fail when a message is not the one that the flow has there.
 *
 * The proxies offer no qop: Alice calls from many processes of sipp at once, which all begin with the same cnonce, and where nonces are
 * counted those of one second would count as replays of each other.
 *
 * Not here: 3.1, which no server sees, and 3.5, whose gateway rewrites what telephones say to each other.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { answer, final, header, newBranch, register, request, sipClient, statusOf } from '../sip-client.ts';
import type { Cleanup } from './cleanup.ts';
import { makeSite, type Site } from './gatehouse.ts';
import { freePort } from './ports.ts';
import { runSipp, startAnswering } from './sipp.ts';

const SCENARIOS = join(import.meta.dirname, 'sipp', 'rfc3665');

interface Proxy {
  readonly domain: string;
  readonly other: { readonly domain: string; readonly port: number };
  /** Nobody listens there. */
  readonly silentPort: number;
}

const script = ({ domain, other, silentPort }: Proxy) => `
loadmodule "sl.so" loadmodule "tm.so" loadmodule "rr.so" loadmodule "maxfwd.so" loadmodule "usrloc.so"
loadmodule "registrar.so" loadmodule "auth.so" loadmodule "auth_db.so" loadmodule "uri_db.so"
modparam("tm", "fr_timer", 3)
route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (method!="REGISTER") record_route();
  if (loose_route()) { t_relay(); exit; }
  if (method=="ACK") exit;
  if (method=="CANCEL") { t_relay(); exit; }
  if (method=="REGISTER") {
    if (!www_authorize("", "subscriber")) { www_challenge("", "0"); exit; }
    if (!check_to()) { sl_send_reply("403", "Use To=ID"); exit; }
    save("location");
    exit;
  }
  if (from_uri==myself || uri=~"^sip:both@${domain}") {
    if (!proxy_authorize("${domain}", "subscriber")) { proxy_challenge("${domain}", "0"); exit; }
    consume_credentials();
  }
  if (uri=~"^sip:moved@") {
    seturi("sip:bob@${other.domain}");
    sl_send_reply("302", "Moved Temporarily");
    exit;
  }
  if (uri!=myself) {
    t_on_failure("1");
    if (uri=~"^sip:spare@") t_relay("udp:127.0.0.1:${silentPort}");
    else t_relay("udp:127.0.0.1:${other.port}");
    exit;
  }
  if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
  t_on_failure("2");
  t_relay();
}
failure_route[1] {
  if (t_check_status("408") && $rU == "spare") {
    rewriteuser("bob");
    $du = "sip:127.0.0.1:${other.port}";
    append_branch();
    t_relay();
  }
}
failure_route[2] { if (t_check_status("408")) t_reply("480", "No Response"); }
`;

const work: (() => Promise<void>)[] = [];
const cleanup: Cleanup = { after: (job) => void work.push(job) };
let folder = '';
let atlanta: Site;
let biloxi: Site;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfc3665-'));
  const sites = await Promise.all(['atlanta.test', 'biloxi.test'].map((domain) => siteOf(domain)));
  [atlanta, biloxi] = sites as [Site, Site];
  const silentPort = await freePort();
  for (const [site, domain, other] of [
    [atlanta, 'atlanta.test', { domain: 'biloxi.test', port: biloxi.sipPort }],
    [biloxi, 'biloxi.test', { domain: 'atlanta.test', port: atlanta.sipPort }],
  ] as const) {
    writeFileSync(join(folder, domain), script({ domain, other, silentPort }));
    const names = ['alice', 'bob', 'busy', 'away', 'ringing', 'silent', 'mover', 'both', 'lists'];
    const imported = site.import(names.map((name) => `${name}@${domain},pw-${name}-${domain},`));
    assert.equal(imported.status, 0, imported.stderr);
  }
  await Promise.all([atlanta.start(), biloxi.start()]);
});

after(async () => {
  for (const job of work.reverse()) await job();
  rmSync(folder, { recursive: true, force: true });
});

function siteOf(domain: string): Promise<Site> {
  return makeSite(cleanup, { domains: [domain], script: join(folder, domain) });
}

/** The scenario with a status in place of the word STATUS. */
function scenario(name: string, status?: number): string {
  const text = readFileSync(join(SCENARIOS, `${name}.xml`), 'utf8');
  const file = join(folder, `${name}-${status ?? ''}.xml`);
  writeFileSync(file, text.replaceAll('STATUS', String(status)));
  return file;
}

/** Registers the user of biloxi.test at a port where this scenario answers; none: where nobody answers. */
async function telephone(t: TestContext, user: string, answering?: string) {
  const port = await freePort();
  const client = await sipClient(t, biloxi.sip);
  const who = { domain: 'biloxi.test', user, password: `pw-${user}-biloxi.test` };
  assert.equal(statusOf(await register(client, { ...who, contact: `sip:${user}@127.0.0.1:${port}` })), 200);
  if (answering === undefined) return;
  await startAnswering(t, answering, port);
}

/** One telephone of sipp plays the scenario once. */
async function plays(t: Cleanup, file: string, target: Site, ...fields: string[]): Promise<void> {
  const done = await runSipp(t, {
    scenario: file,
    target: target.sip,
    port: await freePort(),
    calls: 1,
    rate: 1,
    fields: [fields.join(';')],
  });
  assert.deepEqual([done.successful, done.failed], [1, 0], done.errors);
}

const credentials = (user: string, domain: string) => `[authentication username=${user} password=pw-${user}-${domain}]`;
const ALICE = credentials('alice', 'atlanta.test');

describe('RFC 3665', { concurrency: 12 }, () => {
  test('2.1 to 2.4: a new registration, one more contact, the list, the end of all', (t) =>
    plays(t, scenario('registrations'), biloxi, 'lists', credentials('lists', 'biloxi.test')));

  test('2.5: a registration with a wrong password', (t) =>
    plays(t, scenario('wrong-password'), biloxi, 'lists', '[authentication username=lists password=wrong]'));

  test('3.2: through two proxies', async (t) => {
    await telephone(t, 'bob', 'answer.xml');
    await plays(t, scenario('call'), atlanta, 'bob@biloxi.test', ALICE);
    // 3.4: the first proxy is silent, and the second takes the call; 3.6: Alice is sent to another place.
    await plays(t, scenario('call'), atlanta, 'spare@biloxi.test', ALICE);
    await plays(t, scenario('redirected'), atlanta, 'moved@atlanta.test', ALICE);
  });

  test('3.3: both proxies ask for credentials', async (t) => {
    await telephone(t, 'both', scenario('refuse', 486));
    const client = await sipClient(t, atlanta.sip);
    const uri = 'sip:both@biloxi.test';
    const call = { method: 'INVITE', uri, from: 'sip:alice@atlanta.test', to: uri, callId: newBranch() };
    const answers: string[] = [];
    const statuses: number[] = [];
    for (let cseq = 1; cseq <= 3; cseq++) {
      const branch = newBranch();
      client.send(request(client, { ...call, cseq, branch, headers: answers }));
      const reply = (await final(client))!;
      statuses.push(statusOf(reply));
      client.send(request(client, { ...call, method: 'ACK', cseq, branch, to: header(reply, 'To')! }));
      if (cseq === 3) break;
      const realm = /realm="([^"]*)"/.exec(header(reply, 'Proxy-Authenticate') ?? '')![1]!;
      answers.push(answer(reply, 'INVITE', uri, 'alice', `pw-alice-${realm}`));
      if (cseq === 2) assert.equal(realm, 'biloxi.test');
    }
    assert.deepEqual(statuses, [407, 407, 486]);
  });

  test('3.7: the called side moves and says so in the dialog', async (t) => {
    await telephone(t, 'mover', scenario('moved-called'));
    await plays(t, scenario('moved-caller'), atlanta, 'mover@biloxi.test', ALICE);
  });

  test('3.8: nobody answers, and the caller gives up', async (t) => {
    await telephone(t, 'ringing', scenario('no-answer'));
    await plays(t, scenario('cancelled'), atlanta, 'ringing@biloxi.test', ALICE);
  });

  test('3.9: busy', async (t) => {
    await telephone(t, 'busy', scenario('refuse', 486));
    await plays(t, scenario('refused', 486), atlanta, 'busy@biloxi.test', ALICE);
  });

  test('3.10: no response from the telephone', async (t) => {
    await telephone(t, 'silent');
    await plays(t, scenario('refused', 480), atlanta, 'silent@biloxi.test', ALICE);
  });

  test('3.11: temporarily unavailable', async (t) => {
    await telephone(t, 'away', scenario('refuse', 480));
    await plays(t, scenario('refused', 480), atlanta, 'away@biloxi.test', ALICE);
  });
});
