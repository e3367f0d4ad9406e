/**
 * Broken SIP through the parser and everything that reads or rewrites its messages. FUZZ_MESSAGES sets how many (50,000),
 * FUZZ_SEED which; a failure names the seed and the message.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCredentials } from '../../src/doors/sip/message/credentials.ts';
import { Edits } from '../../src/doors/sip/message/edits.ts';
import { canReply, findFault } from '../../src/doors/sip/message/faults.ts';
import {
  assembleRequest,
  buildForwardedResponse,
  prepareForward,
  secondVia,
  viaLine,
} from '../../src/doors/sip/message/forward.ts';
import { Header } from '../../src/doors/sip/message/header-names.ts';
import type { SipMessage } from '../../src/doors/sip/message/message.ts';
import { parseNameAddrs } from '../../src/doors/sip/message/name-addr.ts';
import { parseMessage } from '../../src/doors/sip/message/parse.ts';
import { buildReply, replyTarget } from '../../src/doors/sip/message/reply.ts';
import type { ListenPoint } from '../../src/doors/sip/transport/types.ts';
import { mutations } from './mutate.ts';

const count = Number(process.env.FUZZ_MESSAGES ?? 50_000);
const seed = Number(process.env.FUZZ_SEED ?? 20_260_722);

const point: ListenPoint = {
  protocol: 'udp',
  address: '127.0.0.1',
  port: 5060,
  family: 4,
  name: 'udp:127.0.0.1:5060',
  hostPort: '127.0.0.1:5060',
};
const source = { point, address: '198.51.100.7', port: 40001, connection: undefined };

/** Everything that can be read, as one value to compare. */
function read(message: SipMessage) {
  const { via, viaCount, from, to, fromTag, toTag, callId, cseq, contacts, requestUri, fromUri, toUri } = message;
  const lines = Array.from({ length: message.headerCount }, (_, i) => [
    message.idAt(i),
    message.nameAt(i),
    message.valueAt(i),
    message.lineAt(i),
  ]);
  const uris = { requestUri, fromUri, toUri };
  return { via, viaCount, from, to, fromTag, toTag, callId, cseq, contacts, uris, lines, body: message.body };
}

function checkReply(message: SipMessage, sound: boolean): void {
  const options = {
    status: 404,
    reason: 'Not\r\nFound',
    headers: 'X-A: b\r\n\r\nX-C: d',
    toTag: 'x',
    forceRport: false,
    server: '',
  };
  const reply = parseMessage(buildReply({ request: message, source, ...options }));
  assert.ok(reply);
  assert.equal(reply.formFault, undefined, 'the form of a reply');
  assert.equal(reply.reason, 'Not  Found');
  assert.equal(reply.valueNamed('X-C'), 'd');
  assert.equal(reply.callId, message.callId.replaceAll('\r', ' ').trim());
  assert.equal(reply.contentLength, 0);
  if (sound) assert.equal(findFault(reply), undefined, 'a reply to a sound request');
  assert.equal(replyTarget(message, source, false).address, source.address);
}

function checkForward(message: SipMessage): void {
  const rest = prepareForward(message, new Edits(), source, true);
  const text = assembleRequest(message.method, message.uri, viaLine(point, 'z9hG4bKours', true), '', rest);
  const onward = parseMessage(text);
  assert.ok(onward);
  assert.equal(findFault(onward), undefined, 'a forwarded request');
  assert.equal(onward.viaCount, message.viaCount + 1);
  assert.equal(onward.body, message.body);
  assert.deepEqual(onward.from?.uri, message.from?.uri);
  const response = parseMessage(
    buildReply({
      request: onward,
      source,
      status: 200,
      reason: 'OK',
      headers: '',
      toTag: 'x',
      forceRport: false,
      server: '',
    }),
  );
  assert.ok(response);
  assert.equal(secondVia(response)?.branch, message.via?.branch);
  const back = parseMessage(buildForwardedResponse(response));
  assert.ok(back);
  assert.equal(findFault(back), undefined, 'a forwarded response');
  assert.equal(back.via?.branch, message.via?.branch);
  assert.equal(back.viaCount, message.viaCount);
}

test(`${count} broken messages do no harm (seed ${seed})`, () => {
  const seen = { notSip: 0, faulty: 0, sound: 0 };
  for (const text of mutations(seed, count)) {
    try {
      const message = parseMessage(text);
      if (message === undefined) {
        seen.notSip++;
        continue;
      }
      const fault = findFault(message);
      if (fault) seen.faulty++;
      else seen.sound++;
      const before = read(parseMessage(text)!);
      assert.deepEqual(read(message), before, 'what was read first changes nothing');
      assert.deepEqual(read(message), before, 'reading again gives the same');
      assert.equal(findFault(message)?.reason, fault?.reason);
      for (let i = 0; i < message.headerCount; i++) {
        const value = message.valueAt(i);
        if (message.idAt(i) === Header.authorization) parseCredentials(value);
        if (message.idAt(i) === Header.route) parseNameAddrs(value);
      }
      if (canReply(message)) checkReply(message, fault === undefined);
      if (message.isRequest && fault === undefined) checkForward(message);
    } catch (cause) {
      throw new Error(`seed ${seed}: ${JSON.stringify(text)}`, { cause });
    }
  }
  // The generator must keep reaching all three kinds, or it tests nothing.
  for (const [kind, times] of Object.entries(seen)) assert.ok(times > count / 50, `${kind}: ${times} of ${count}`);
});
