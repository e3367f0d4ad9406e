import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as inviteClient from './invite-client.ts';
import * as inviteServer from './invite-server.ts';
import * as nonInviteClient from './non-invite-client.ts';
import * as nonInviteServer from './non-invite-server.ts';

/** Per state: what each input does, as `next state: actions`. Inputs not named change nothing. */
type Table = Record<string, Record<string, string>>;
type AnyStep = (state: never, input: never) => readonly [string, readonly string[]];

function check(step: AnyStep, inputs: string[], table: Table): void {
  for (const [state, row] of Object.entries(table)) {
    for (const input of Object.keys(row)) assert.ok(inputs.includes(input), `${input} is an input`);
    for (const input of inputs) {
      const [next, actions] = step(state as never, input as never);
      assert.equal(`${next}: ${actions.join(' ')}`.trim(), row[input] ?? `${state}:`, `${state} + ${input}`);
      assert.equal(step(state as never, input as never), step(state as never, input as never), 'no allocation');
    }
  }
}

test('INVITE client transaction, RFC 6026 figure 8, and one whose user waits no more', () => {
  check(
    inviteClient.step as AnyStep,
    ['1xx', '2xx', '300-699', 'timerA', 'timerB', 'timerD', 'timerM', 'timerS', 'transportError'],
    {
      calling: {
        '1xx': 'proceeding: stopAB passUp',
        '2xx': 'accepted: stopAB startM passUp',
        '300-699': 'completed: stopAB sendAck startD passUp',
        timerA: 'calling: resend doubleA',
        timerB: 'terminated: reportTimeout',
        timerS: 'silent: restB reportTimeout',
        transportError: 'terminated: reportTransportError',
      },
      silent: {
        '1xx': 'proceeding: stopAB passUp',
        '2xx': 'accepted: stopAB startM passUp',
        '300-699': 'completed: stopAB sendAck startD passUp',
        timerB: 'terminated:',
        transportError: 'terminated:',
      },
      proceeding: {
        '1xx': 'proceeding: passUp',
        '2xx': 'accepted: stopAB startM passUp',
        '300-699': 'completed: stopAB sendAck startD passUp',
        timerB: 'terminated: reportTimeout',
      },
      accepted: { '2xx': 'accepted: passUp', timerM: 'terminated:' },
      completed: { '300-699': 'completed: sendAck', timerD: 'terminated:', transportError: 'terminated:' },
      terminated: {},
    },
  );
});

test('non-INVITE client transaction, RFC 3261 figure 6', () => {
  check(nonInviteClient.step as AnyStep, ['1xx', '200-699', 'timerE', 'timerF', 'timerK', 'transportError'], {
    trying: {
      '1xx': 'proceeding: passUp',
      '200-699': 'completed: stopEF startK passUp',
      timerE: 'trying: resend doubleE',
      timerF: 'terminated: reportTimeout',
      transportError: 'terminated: reportTransportError',
    },
    proceeding: {
      '1xx': 'proceeding: passUp',
      '200-699': 'completed: stopEF startK passUp',
      timerE: 'proceeding: resend setEToT2',
      timerF: 'terminated: reportTimeout',
      transportError: 'terminated: reportTransportError',
    },
    completed: { timerK: 'terminated:' },
    terminated: {},
  });
});

test('INVITE server transaction, RFC 6026 figure 7', () => {
  check(
    inviteServer.step as AnyStep,
    ['invite', 'ack', 'send1xx', 'send2xx', 'send300-699', 'timerG', 'timerH', 'timerI', 'timerL', 'transportError'],
    {
      proceeding: {
        invite: 'proceeding: resend',
        send1xx: 'proceeding: send',
        send2xx: 'accepted: send startL',
        'send300-699': 'completed: send startGH',
        transportError: 'proceeding: reportAbandoned',
      },
      accepted: {
        send2xx: 'accepted: send forget',
        timerL: 'terminated:',
        transportError: 'accepted: reportAbandoned',
      },
      completed: {
        invite: 'completed: resend',
        ack: 'confirmed: stopGH startI',
        timerG: 'completed: resend doubleG',
        timerH: 'terminated: reportAbandoned',
        transportError: 'completed: reportAbandoned',
      },
      confirmed: { timerI: 'terminated:' },
      terminated: {},
    },
  );
});

test('non-INVITE server transaction, RFC 3261 figure 8', () => {
  check(nonInviteServer.step as AnyStep, ['request', 'send1xx', 'send200-699', 'send408', 'timerJ', 'transportError'], {
    trying: {
      send1xx: 'proceeding: send',
      'send200-699': 'completed: send startJ',
      send408: 'completed: forget startJ',
      transportError: 'trying: reportAbandoned',
    },
    proceeding: {
      request: 'proceeding: resend',
      send1xx: 'proceeding: send',
      'send200-699': 'completed: send startJ',
      send408: 'completed: forget startJ',
      transportError: 'proceeding: reportAbandoned',
    },
    completed: {
      request: 'completed: resend',
      timerJ: 'terminated:',
      transportError: 'completed: reportAbandoned',
    },
    terminated: {},
  });
});
