/** Each torture message through parser, fault finder and reply builder. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canReply, findFault } from '../../src/doors/sip/message/faults.ts';
import { parseMessage } from '../../src/doors/sip/message/parse.ts';
import { buildReply } from '../../src/doors/sip/message/reply.ts';
import type { ListenPoint } from '../../src/doors/sip/transport/types.ts';
import type { TortureCase } from './case.ts';
import { INVALID } from './invalid.ts';
import { VALID } from './valid.ts';

const point: ListenPoint = {
  protocol: 'udp',
  address: '127.0.0.1',
  port: 5060,
  family: 4,
  name: 'udp:127.0.0.1:5060',
  hostPort: '127.0.0.1:5060',
};
const source = { point, address: '198.51.100.7', port: 40001, connection: undefined };

/** Faults that lie in a header which a reply repeats. */
const REPEATED = [
  'Bad From Header',
  'Bad To Header',
  'Bad CSeq Header',
  'Bad Call-ID Header',
  'NUL In Header',
  'Bare CR In Header',
];

function check(one: TortureCase): void {
  const message = parseMessage(one.text);
  if (one.fault === 'not sip') {
    assert.equal(message, undefined);
    return;
  }
  assert.ok(message, 'must be recognised');
  const fault = findFault(message);
  assert.equal(fault?.status, one.fault);
  assert.equal(fault?.reason, one.reason);
  const mayReply = canReply(message);
  assert.equal(mayReply, one.reply ?? message.isRequest);
  if (!mayReply) return;
  const reply = parseMessage(
    buildReply({
      request: message,
      source,
      status: fault?.status ?? 200,
      reason: fault?.reason ?? 'OK',
      headers: '',
      toTag: 'ours',
      forceRport: true,
      server: 'gatehouse',
    }),
  );
  assert.ok(reply, 'the reply must be SIP');
  if (fault?.reason === 'Bad Via Header') {
    // Host and port are known, and what is wrong stands in the reply as it came.
    assert.deepEqual([reply.status, reply.callId, reply.via?.host], [400, message.callId, message.via?.host]);
    return;
  }
  const replyFault = findFault(reply);
  if (replyFault !== undefined) assert.ok(REPEATED.includes(replyFault.reason), `reply: ${replyFault.reason}`);
  if (fault === undefined) {
    assert.equal(replyFault, undefined);
    assert.equal(reply.toTag, message.toTag || 'ours');
    assert.equal(reply.fromTag, message.fromTag);
    assert.deepEqual(reply.cseq, message.cseq);
  }
  assert.equal(reply.status, fault?.status ?? 200);
  assert.equal(reply.callId, message.callId);
  assert.equal(reply.via?.branch, message.via?.branch);
  assert.equal(reply.text.slice(reply.via?.receivedStart, reply.via?.receivedEnd), `;received=${source.address}`);
  assert.equal(reply.via?.rport, source.port);
  assert.equal(reply.viaCount, message.viaCount);
}

describe('strange but right', () => {
  for (const one of VALID) test(one.name, () => check(one));
});

describe('wrong', () => {
  for (const one of INVALID) test(one.name, () => check(one));
});
