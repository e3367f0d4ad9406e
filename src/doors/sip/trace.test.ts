import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modules } from './modules/modules.ts';
import { loadScript } from './script/load.ts';
import { traceMessage } from './trace.ts';

const MESSAGE = `INVITE sip:1001@example.com SIP/2.0
Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1
From: <sip:1000@example.com>;tag=1
To: <sip:1001@example.com>
Call-ID: 1
CSeq: 1 INVITE
`;
const SCRIPT = `loadmodule "sl.so" loadmodule "tm.so" loadmodule "usrloc.so" loadmodule "registrar.so" loadmodule "auth.so" loadmodule "auth_db.so"
route {
  if (!proxy_authorize("", "subscriber")) {
    proxy_challenge("", "1");
    exit;
  }
  $var(x) = "to " + $rU;
  consume_credentials();
  if (!lookup("location")) { sl_send_reply("404", "No $rU"); exit; }
  rewritehost("198.51.100.7");
  log("relaying");
  t_relay();
}
`;
const CREDENTIALS =
  'Proxy-Authorization: Digest username="1000", realm="example.com", nonce="n", uri="sip:x", response="1"\n';

function trace(message: string, results: Record<string, number> = {}, text = SCRIPT) {
  const { script, problems } = loadScript(text, { file: 'ser.cfg', modules });
  assert.ok(script, JSON.stringify(problems));
  const listen = [{ protocol: 'udp', address: '127.0.0.1', port: 5060 }] as const;
  const ready = { script, text, listen };
  return traceMessage(ready, message, { domains: ['example.com'], results: new Map(Object.entries(results)) });
}

test('the lines taken, their values and results, and what is sent', async () => {
  const report = await trace(MESSAGE + CREDENTIALS);
  assert.deepEqual(
    report.steps.map(({ line, result, assumed, values }) => [
      line,
      result,
      assumed,
      values.map(({ value }) => value).join(),
    ]),
    [
      [3, 1, true, ''],
      [7, 1, false, 'to 1001'],
      [8, 1, false, ''],
      [9, 1, true, ''],
      [10, 1, false, ''],
      [11, 1, false, ''],
      [12, 1, false, ''],
    ],
  );
  assert.deepEqual(report.said, ['relaying']);
  assert.deepEqual(report.sent, [
    '100 trying -- your call is important to us to 192.0.2.7:5060 (udp)',
    'INVITE sip:1001@198.51.100.7 to 198.51.100.7:5060 (udp)',
  ]);
  assert.equal(report.verdict, 'passed on to one place');
});

test('without credentials a request is challenged; results can be given', async () => {
  assert.match((await trace(MESSAGE)).verdict, /^answered 407/);
  assert.equal((await trace(MESSAGE + CREDENTIALS, { lookup: -1 })).verdict, 'answered 404 No 1001');
  await assert.rejects(trace(MESSAGE, { lokup: 1 }), { code: 'TRACE_RESULT' });
});

test('a file that is no request is refused; one whose request is broken shows the answer', async () => {
  for (const text of ['', 'hello', 'SIP/2.0 200 OK\n']) await assert.rejects(trace(text), { code: 'TRACE_MESSAGE' });
  assert.match((await trace(`${MESSAGE}Content-Length: x\n`)).verdict, /^answered 400/);
});

test('a name as next hop is not looked up', async () => {
  const report = await trace(MESSAGE, {}, 'loadmodule "tm.so"\nroute { $rd = "host.example.org"; t_relay(); }');
  assert.equal(report.sent.at(-1), 'INVITE sip:1001@host.example.org to wherever its name leads, port 5060 (udp)');
});
