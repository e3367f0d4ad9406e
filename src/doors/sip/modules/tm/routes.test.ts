import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stageLab, statuses } from '../../stage-lab.ts';

const A = '203.0.113.1';
const B = '203.0.113.2';
const C = '203.0.113.3';

test('a failure route tries the next place: one after the other, and the caller hears one final reply', async () => {
  const lab = await stageLab(`route { t_on_failure("1"); t_relay(); }
    failure_route[1] { if (t_check_status("486|408")) { append_branch("sip:bob@${B}"); t_on_failure("2"); t_relay(); } }
    failure_route[2] { append_branch("sip:voicemail@${C}"); t_relay(); }`);
  lab.say('INVITE');
  lab.answer(lab.sentTo(A), 486);
  lab.answer(lab.sentTo(B), 180);
  lab.answer(lab.sentTo(B), 603);
  lab.answer(lab.sentTo(C), 200);
  assert.deepEqual(statuses(lab.heard()), [100, 180, 200]);
  assert.equal(lab.sentTo(C).uri, `sip:voicemail@${C}`);
});

test('t_relay with a proxy sends every branch there, in a failure route too', async () => {
  const lab = await stageLab(`route { append_branch("sip:x@one.invalid"); t_on_failure("1"); t_relay("udp:${A}:5060"); }
    failure_route[1] { append_branch("sip:x@two.invalid"); if (!t_relay("udp:${B}:5060")) log("refused"); }`);
  lab.say('INVITE');
  const [own, added, ...others] = lab.outs().filter(({ message }) => message.method === 'INVITE');
  assert.deepEqual([own?.address, added?.address, others.length], [A, A, 0]);
  assert.equal(added?.message.uri, 'sip:x@one.invalid');
  lab.answer(own!.message, 486);
  lab.answer(added!.message, 486);
  lab.answer(lab.sentTo(B), 200);
  assert.equal(lab.sentTo(B).uri, 'sip:x@two.invalid');
  assert.deepEqual(statuses(lab.heard()), [100, 200]);
  assert.deepEqual(lab.said, []);
});

test('a failure route that does nothing lets the reply go on; one that answers has the last word', async () => {
  const silent = await stageLab('route { t_on_failure("1"); t_relay(); } failure_route[1] { log("seen"); }');
  silent.say('INVITE');
  silent.answer(silent.sentTo(A), 404);
  assert.deepEqual(statuses(silent.heard()), [100, 404]);
  assert.deepEqual(silent.said, ['seen']);
  const own = await stageLab(
    'route { t_on_failure("1"); t_relay(); } failure_route[1] { t_reply("480", "Try $fU later"); }',
  );
  own.say('INVITE');
  own.answer(own.sentTo(A), 404);
  assert.deepEqual(statuses(own.heard()), [100, 480]);
  assert.equal(own.heard()[1]!.reason, 'Try alice later');
});

test('a route that a failure route calls may answer as SER lets it, once, through the transaction', async () => {
  const lab = await stageLab(`route { t_on_failure("1"); t_relay(); }
    failure_route[1] { route(1); }
    route[1] { sl_send_reply("480", "Later, $fU"); sl_reply_error(); }`);
  lab.say('INVITE');
  lab.answer(lab.sentTo(A), 486);
  assert.deepEqual(statuses(lab.heard()), [100, 480]);
  assert.equal(lab.heard()[1]!.reason, 'Later, alice');
});

test('the failure route of a request that nobody answers runs after fr_timer', async () => {
  const lab = await stageLab(`modparam("tm", "fr_timer", 5)
    route { t_on_failure("1"); t_relay(); }
    failure_route[1] { if (t_check_status("408") && t_local_replied("all")) { append_branch("sip:bob@${B}"); t_relay(); } }`);
  lab.say('INVITE');
  lab.pass(6);
  lab.answer(lab.sentTo(B), 200);
  assert.deepEqual(statuses(lab.heard()), [100, 200]);
});

test('fr_timer_avp holds for one request', async () => {
  const lab = await stageLab(`modparam("tm", "fr_timer_avp", "$avp(i:24)")
    route { $avp(i:24) = 3; t_relay(); }`);
  lab.say('INVITE');
  lab.pass(4);
  assert.deepEqual(statuses(lab.heard()), [100, 408]);
});

test('a caller who gives up is not connected any more: t_was_cancelled, and t_relay gives -1', async () => {
  const lab = await stageLab(`route { t_on_failure("1"); t_relay(); }
    failure_route[1] { if (t_was_cancelled()) log("cancelled"); append_branch("sip:bob@${B}"); if (!t_relay()) log("refused"); }`);
  lab.say('INVITE');
  lab.answer(lab.sentTo(A), 180);
  lab.say('CANCEL');
  lab.answer(lab.sentTo(A), 487);
  assert.deepEqual(lab.said, ['cancelled', 'refused']);
  assert.deepEqual(statuses(lab.heard()), [100, 180, 200, 487]);
});

test('a failure route begins with the URI relayed in SER, with that of the branch in OpenSER; flags and AVPs stay', async () => {
  const script = (
    more: string,
  ) => `route { ${more} setflag(5); append_branch("sip:x@${B}"); t_on_failure("1"); t_relay(); }
    failure_route[1] { if (isflagset(5)) log("flag"); if (uri=~"${B}") log("branch"); else log("request"); }`;
  const play = async (text: string) => {
    const lab = await stageLab(text);
    lab.say('INVITE');
    lab.answer(lab.sentTo(A), 500);
    lab.answer(lab.sentTo(B), 400);
    return lab.said;
  };
  assert.deepEqual(await play(script('')), ['flag', 'request']);
  assert.deepEqual(await play(script('$avp(s:a) = 1;')), ['flag', 'branch']);
});

test('a branch route sees each branch alone: its URI, headers of its own, and drop skips it', async () => {
  const lab = await stageLab(
    `route { append_branch("sip:bob@${B}"); append_branch("sip:bob@${C}"); t_on_branch("1"); t_relay(); }
    branch_route[1] { if ($rd == "${B}") drop; record_route(";to=$rd"); $rU = "number-" + $avp(n); $avp(n) = "x"; }`
      .replaceAll('$avp(n)', '$avp(s:n)')
      .replace('record_route(";to=$rd")', 'add_rr_param(";x=y"); record_route()'),
  );
  lab.say('INVITE');
  const sent = lab.outs().filter(({ message }) => message.method === 'INVITE');
  assert.deepEqual(
    sent.map(({ address }) => address),
    [A, C],
  );
  assert.equal(sent[1]!.message.uri, `sip:number-x@${C}`);
  for (const { message } of sent) assert.match(message.valueNamed('Record-Route')!, /x=y/);
});

test('when every branch is dropped nothing is sent and t_relay says so', async () => {
  const lab = await stageLab(
    'route { t_on_branch("1"); if (!t_relay()) { sl_reply_error(); } } branch_route[1] { drop; }',
  );
  lab.say('INVITE');
  assert.deepEqual(statuses(lab.heard()), [500]);
});

test('reply routes: the one for all replies first, then the one armed; drop keeps a provisional reply back, never a final one', async () => {
  const lab = await stageLab(`route { t_on_reply("1"); t_relay(); }
    onreply_route { log("all $rs"); }
    onreply_route[1] { if (t_check_status("18.")) { log("one"); drop; } if (status=="200") { log("ok"); drop; } }`);
  lab.say('INVITE');
  lab.answer(lab.sentTo(A), 183);
  lab.answer(lab.sentTo(A), 200);
  assert.deepEqual(statuses(lab.heard()), [100, 200]);
  assert.deepEqual(lab.said, ['all $rs', 'one', 'all $rs', 'ok']);
});

test('a branch has a reply route of its own when its branch route armed it', async () => {
  const lab = await stageLab(`route { append_branch("sip:bob@${B}"); t_on_branch("1"); t_relay(); }
    branch_route[1] { if ($rd == "${B}") t_on_reply("2"); }
    onreply_route[2] { log("from the second"); }`);
  lab.say('INVITE');
  lab.answer(lab.sentTo(A), 180);
  lab.answer(lab.sentTo(B), 180);
  assert.deepEqual(lab.said, ['from the second']);
});

test('t_newtran and t_reply answer with a transaction; one that is left without an answer gets 500', async () => {
  const lab = await stageLab('route { t_newtran(); t_reply("404", "Not Found"); }');
  lab.say('INVITE');
  lab.say('INVITE');
  assert.deepEqual(statuses(lab.heard()), [404]);
  const without = await stageLab('route { if (!t_reply("404", "Not Found")) sl_send_reply("500", "None"); }');
  without.say('INVITE');
  assert.deepEqual(statuses(without.heard()), [500]);
  const left = await stageLab('route { t_newtran(); }');
  left.say('OPTIONS');
  assert.deepEqual(statuses(left.heard()), [500]);
});

test('t_reply after t_relay calls the branches back', async () => {
  const lab = await stageLab('route { t_relay(); t_reply("480", "Gone"); }');
  lab.say('INVITE');
  lab.answer(lab.sentTo(A), 180);
  assert.deepEqual(statuses(lab.heard()), [100, 480]);
  assert.equal(lab.sentTo(A, 'CANCEL').method, 'CANCEL');
});

test('t_relay to a given place, and without its 100', async () => {
  const lab = await stageLab(`route { t_relay("0x01", "udp:${B}:5070"); }`);
  lab.say('INVITE');
  assert.equal(lab.sentTo(B).uri, `sip:bob@${A}`);
  assert.deepEqual(statuses(lab.heard()), []);
  const old = await stageLab(`route { t_relay_to_udp("${C}", "5060"); }`);
  old.say('INVITE');
  assert.equal(old.sentTo(C).uri, `sip:bob@${A}`);
});

test('error_route answers what is malformed; what it leaves is refused as ever', async () => {
  const script = (body: string) => `route { sl_send_reply("200", "OK"); } error_route { ${body} }`;
  const own = await stageLab(script('sl_send_reply("400", "Sorry: $err.info");'));
  own.say('INVITE', ['Content-Length: x']);
  assert.match(own.heard()[0]!.reason, /^Sorry: .*Content-Length/);
  const silent = await stageLab(script('log("seen");'));
  silent.say('INVITE', ['Content-Length: x']);
  assert.deepEqual([silent.heard()[0]!.status, silent.said], [400, ['seen']]);
});

test('a failure route that waits goes on where it stood; a CANCEL meanwhile is heard', async () => {
  const script = `route { t_on_failure("1"); t_relay(); }
    failure_route[1] { if (lookup("location")) { append_branch("sip:bob@${B}"); if (!t_relay()) log("refused"); } }`;
  for (const cancelled of [false, true]) {
    let resume: (() => void) | undefined;
    const lab = await stageLab(script, {
      assume: (_, run) => {
        resume = () => run.resume(1);
        return run.suspend();
      },
    });
    lab.say('INVITE');
    lab.answer(lab.sentTo(A), 180);
    lab.answer(lab.sentTo(A), 404);
    assert.deepEqual(statuses(lab.heard()), [100, 180]);
    if (cancelled) lab.say('CANCEL');
    resume!();
    await lab.idle();
    if (cancelled) {
      assert.deepEqual(lab.said, ['refused']);
      assert.deepEqual(statuses(lab.heard()), [100, 180, 200, 404]);
    } else {
      lab.answer(lab.sentTo(B), 200);
      assert.deepEqual(statuses(lab.heard()), [100, 180, 200]);
    }
  }
});

test('a failure route that waits for ever is given up, and the reply goes on', async () => {
  const lab = await stageLab(
    'route { t_on_failure("1"); t_relay(); } failure_route[1] { lookup("location"); log("never"); }',
    {
      assume: (_, run) => run.suspend(),
    },
  );
  lab.say('INVITE');
  lab.answer(lab.sentTo(A), 404);
  lab.pass(31);
  assert.deepEqual(statuses(lab.heard()), [100, 404]);
});

test('branches of all failure routes together are bounded', async () => {
  const lab = await stageLab(`route { t_on_failure("1"); t_relay(); }
    failure_route[1] { append_branch("sip:bob@${B}"); t_on_failure("1"); t_relay(); }`);
  lab.say('INVITE');
  lab.answer(lab.sentTo(A), 500);
  for (let i = 1; i < 12; i++) lab.answer(lab.sentTo(B), 500);
  assert.deepEqual(statuses(lab.heard()), [100, 500]);
});

test('serial forking: the contacts of one q at once, the next when they have failed', async () => {
  const lab = await stageLab(`route { append_branch("sip:bob@${B}", "0.5"); append_branch("sip:bob@${C}", "0.9");
      serialize_branches(1); next_branches(); t_on_failure("1"); t_relay(); }
    failure_route[1] { if (next_branches()) { t_on_failure("1"); t_relay(); } else { log("none left"); } }`);
  lab.say('INVITE');
  for (const address of [C, B, A]) lab.answer(lab.sentTo(address), 486);
  const order = lab.outs().filter(({ message }) => message.method === 'INVITE');
  assert.deepEqual(
    order.map(({ address }) => address),
    [C, B, A],
  );
  assert.deepEqual(statuses(lab.heard()), [100, 486]);
  assert.deepEqual(lab.said, ['none left']);
});

test('forward goes to the place given, and the reply comes back', async () => {
  for (const call of [`forward(${B})`, `forward("${B}", 5060)`, `forward_udp(${B}, 5060)`]) {
    const lab = await stageLab(`route { ${call}; }`);
    lab.say('OPTIONS');
    const sent = lab.sentTo(B, 'OPTIONS');
    assert.equal(sent.uri, `sip:bob@${A}`);
    lab.answer(sent, 200);
    assert.deepEqual(statuses(lab.heard()), [200]);
  }
  const own = await stageLab('route { $du = "sip:203.0.113.3"; forward(uri:host, uri:port); }');
  own.say('OPTIONS');
  assert.equal(own.sentTo(A, 'OPTIONS').method, 'OPTIONS');
});
