/**
 * Another script begins to serve while requests wait, ring and are answered: each goes on by the script that it began with, and what
 * the modules keep is there for both.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Run } from '../src/doors/sip/run.ts';
import { answer, final, header, newBranch, request, type SipClient, sipClient, statusOf } from './sip-client.ts';
import { DOMAIN, sipLab } from './sip-lab.ts';

const ALICE = `sip:alice@${DOMAIN}`;
const LOADS = ['sl', 'tm', 'maxfwd', 'usrloc', 'registrar', 'auth', 'auth_db', 'uri_db']
  .map((name) => `loadmodule "/m/${name}.so"`)
  .join('\n');

interface ScriptOptions {
  readonly name: string;
  readonly top?: string;
  readonly params?: string;
  readonly table?: string;
}

/** Says its name wherever it answers, in the header Server and in its routes. */
function script({ name, top = '', params = '', table = 'location' }: ScriptOptions): string {
  return `
    server_header="${name}"
    ${top}
    ${LOADS}
    ${params}
    route {
      if (method == "OPTIONS") {
        mf_process_maxfwd_header("10");
        sl_send_reply("200", "${name}");
        break;
      };
      if (method == "MESSAGE") {
        if (uri == myself) sl_send_reply("200", "${name} is myself");
        else sl_send_reply("404", "${name} does not know it");
        break;
      };
      if (method == "REGISTER") {
        if (!www_authorize("${DOMAIN}", "subscriber")) {
          www_challenge("${DOMAIN}", "1");
          break;
        };
        save("${table}");
        break;
      };
      if (!lookup("${table}")) {
        sl_send_reply("404", "${name} found nobody");
        break;
      };
      t_on_failure("1");
      t_on_reply("1");
      t_relay();
    }
    failure_route[1] {
      t_reply("603", "failure route of ${name}");
    }
    onreply_route[1] {
      append_hf("X-Seen-By: ${name}\\r\\n");
    }`.replace('loadmodule "/m/sl.so"', 'loadmodule "/m/sl.so"\n    loadmodule "/m/textops.so"');
}

async function lab(t: TestContext, options: Partial<ScriptOptions> = {}, waits?: (run: Run) => void) {
  const sip = await sipLab(t, {
    script: script({ name: 'old', ...options }),
    users: { alice: 'pw' },
    wrap: (name, call) => {
      if (name !== 'mf_process_maxfwd_header' || !waits) return call;
      return (run) => {
        waits(run);
        return run.suspend();
      };
    },
  });
  const phone = await sipClient(t, sip.udp);
  const other = await sipClient(t, sip.udp);
  return { sip, phone, other };
}

function ask(client: SipClient, method: string, uri: string, headers: readonly string[] = [], cseq = 1): string {
  const text = request(client, { method, uri, from: 'sip:other@elsewhere.example', to: uri, headers, cseq });
  client.send(text);
  return text;
}

function registration(client: SipClient, headers: readonly string[], cseq: number): string {
  const contact = `Contact: <sip:alice@${client.hostPort}>;expires=600`;
  return request(client, {
    method: 'REGISTER',
    uri: `sip:${DOMAIN}`,
    from: ALICE,
    to: ALICE,
    callId: 'reg',
    cseq,
    headers: [contact, ...headers],
  });
}

/** Asks for a challenge; what is given answers it. */
async function challenge(client: SipClient): Promise<() => Promise<string | undefined>> {
  client.send(registration(client, [], 1));
  const challenged = (await final(client))!;
  assert.equal(statusOf(challenged), 401, challenged);
  return () => {
    client.send(registration(client, [answer(challenged, 'REGISTER', `sip:${DOMAIN}`, 'alice', 'pw')], 2));
    return final(client);
  };
}

function reply(client: SipClient, to: string, status: string): void {
  const kept = to.split('\r\n').filter((line) => /^(via|record-route|from|call-id|cseq):/i.test(line));
  const lines = [`SIP/2.0 ${status}`, ...kept, `To: ${header(to, 'To')};tag=callee`, 'Content-Length: 0'];
  client.send(`${lines.join('\r\n')}\r\n\r\n`);
}

async function next(client: SipClient, start: RegExp): Promise<string> {
  for (;;) {
    const message = await client.receive(10_000);
    assert.ok(message, `nothing came that begins with ${start}`);
    if (start.test(message)) return message;
  }
}

test('an INVITE that rings goes on by the failure and reply routes it armed; contacts and nonces stay', async (t) => {
  const { sip, phone, other } = await lab(t);
  const answered = await challenge(phone);
  assert.deepEqual(await sip.reload(script({ name: 'middle' })), []);
  // The challenge of one script is answered to the next.
  const registered = (await answered())!;
  assert.equal(statusOf(registered), 200, registered);
  assert.equal(header(registered, 'Server'), 'middle');

  ask(other, 'INVITE', ALICE);
  const invite = await next(phone, /^INVITE /);
  reply(phone, invite, '180 Ringing');
  assert.equal(header(await next(other, /^SIP\/2.0 180/), 'X-Seen-By'), 'middle');
  await sip.reload(script({ name: 'new' }));
  await assert.rejects(sip.reload('route { nobody_knows_this(); }'));
  reply(phone, invite, '183 Session Progress');
  assert.equal(header(await next(other, /^SIP\/2.0 183/), 'X-Seen-By'), 'middle');
  reply(phone, invite, '486 Busy Here');
  assert.match((await final(other))!, /^SIP\/2.0 603 failure route of middle\r\n/);

  ask(other, 'INVITE', ALICE);
  const second = await next(phone, /^INVITE /);
  reply(phone, second, '486 Busy Here');
  assert.match((await next(other, /^SIP\/2.0 603 failure route of new\r\n/))!, /\r\nServer: new\r\n/);
  assert.deepEqual(sip.complaints, []);
});

test('a request that waits ends by the script it began with, and what queued behind it begins with the new one', async (t) => {
  const held = Promise.withResolvers<Run>();
  const { sip, phone, other } = await lab(t, {}, held.resolve);
  const waits = ask(phone, 'OPTIONS', ALICE);
  const run = await held.promise;
  const behind = waits.replace(/branch=\S+;rport/, `branch=${newBranch()};rport`).replace('CSeq: 1', 'CSeq: 2');
  phone.send(behind.replace(/OPTIONS/g, 'MESSAGE'));
  ask(other, 'MESSAGE', 'sip:somebody@new.example');
  assert.match((await final(other))!, /^SIP\/2.0 404 old does not know it/);
  await sip.reload(script({ name: 'new', top: 'alias="new.example"' }));
  ask(other, 'MESSAGE', 'sip:somebody@new.example');
  assert.match((await final(other))!, /^SIP\/2.0 200 new is myself/);
  assert.deepEqual(phone.inbox, []);
  run.resume(1);
  assert.match((await final(phone))!, /^SIP\/2.0 200 old\r\n/);
  assert.match((await final(phone))!, /^SIP\/2.0 200 new is myself\r\n/);
});

test('what modules keep is kept as it is; parameters that made it wait and are named; the others take effect', async (t) => {
  const { sip, phone, other } = await lab(t, { params: 'modparam("usrloc", "db_mode", 1)' });
  assert.equal(statusOf(await (await challenge(phone))()), 200);
  const params = [
    'modparam("usrloc", "use_domain", 1)',
    'modparam("registrar", "case_sensitive", 1)',
    'modparam("auth", "nonce_expire", 20)',
    'modparam("tm", "fr_inv_timer", 5)',
  ];
  const text = script({ name: 'new', top: 'disable_tcp=yes debug=7', params: params.join('\n') });
  const line = (start: string) => text.split('\n').findIndex((one) => one.trim().startsWith(start)) + 1;
  const waiting = await sip.reload(text);
  assert.deepEqual((await sip.door.command(sip.administration, 'debug', [])).lines, [['DEBUG', 7]]);
  assert.deepEqual(
    waiting.map(({ what, where }) => `${what} ${where}`),
    [
      'usrloc.db_mode ser.cfg',
      `usrloc.use_domain ser.cfg:${line('modparam("usrloc", "use')}`,
      `registrar.case_sensitive ser.cfg:${line('modparam("registrar"')}`,
    ],
  );
  ask(other, 'INVITE', 'sip:ALICE@elsewhere.example');
  const invite = await next(phone, /^INVITE /);
  reply(phone, invite, '180 Ringing');
  await next(other, /^SIP\/2.0 180/);
  // fr_inv_timer of the new script.
  sip.advance(6000);
  assert.match((await final(other))!, /^SIP\/2.0 603 failure route of new/);
});

test('a table that is new is opened before it is used, and seen only when its script serves', async (t) => {
  const { sip, phone, other } = await lab(t);
  assert.equal(statusOf(await (await challenge(phone))()), 200);
  assert.equal(await sip.door.open('others'), undefined);
  await sip.reload(script({ name: 'new', table: 'others' }));
  assert.equal((await sip.door.open('others'))?.bindings('alice').length, 0);
  ask(other, 'INVITE', ALICE);
  assert.match((await final(other))!, /^SIP\/2.0 404 new found nobody/);
  // The table of before is still there, and the same when a script names it again.
  assert.equal((await sip.door.open('location'))?.bindings('alice').length, 1);
  await sip.reload(script({ name: 'third' }));
  ask(other, 'INVITE', ALICE);
  assert.ok(await next(phone, /^INVITE /));
});

test('a script that serves no more is let go of, the first one too', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let made: WeakRef<object>[] = [];
  const sip = await sipLab(t, {
    script: script({ name: 'first' }),
    users: { alice: 'pw' },
    wrap: (_name, call) => {
      const own: typeof call = (run) => call(run);
      made.push(new WeakRef(own));
      return own;
    },
  });
  const phone = await sipClient(t, sip.udp);
  assert.equal(statusOf(await (await challenge(phone))()), 200);
  for (const name of ['second', 'third']) {
    const past = made;
    made = [];
    await sip.reload(script({ name }));
    // What was received last is kept until the next has come.
    ask(phone, 'OPTIONS', ALICE);
    await next(phone, new RegExp(`^SIP/2.0 200 ${name}`));
    sip.advance(60_000);
    assert.ok(past.length > 0);
    for (const end = Date.now() + 20_000; past.some((one) => one.deref() !== undefined); ) {
      assert.ok(
        Date.now() < end,
        `${past.filter((one) => one.deref()).length} of ${past.length} functions are still held`,
      );
      // What a job has looked at lives as long as the job.
      await turn();
      collect();
    }
  }
});
