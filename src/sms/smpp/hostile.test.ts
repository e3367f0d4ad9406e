/** A gateway that refuses, is silent, talks nonsense or goes away: one message fails with a word that says why, and the next one goes through. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { GatehouseError } from '../../platform/errors.ts';
import { fakeSmsc, frame, octets, polite, type Say } from './lab.ts';
import { openSmppProvider } from './provider.ts';

const MESSAGE = { number: '+491701234567', text: 'Your OTP is 123456' };
const CONFIG = { server: '127.0.0.1', system_id: 'foo', password: 'bar', source_addr: '1234', TIMEOUT: 60 };
const UNSURE = /; it may have taken the message$/;

/** The first of its kind is treated so, all that come later politely. */
function firstOnly(command: string, say: Say): Say {
  let isFirst = true;
  return (pdu, socket) => {
    if (pdu.command !== command || !isFirst) return polite(pdu, socket);
    isFirst = false;
    return say(pdu, socket);
  };
}

interface Case {
  readonly what: string;
  /** Whose first answer is wrong. */
  readonly at: 'bind' | 'submit';
  readonly say: Say;
  readonly code: 'SMS_REFUSED' | 'SMS_UNREACHABLE';
  readonly message: RegExp;
  /** Seconds; so short where it has to run out. */
  readonly timeout?: string;
}

const status = (resp: string, number: string): Say => {
  return ({ sequence }) => frame(`${resp} ${number} ${sequence}`);
};
const hangUp: Say = (_pdu, socket) => {
  socket.destroy();
  return undefined;
};

const CASES: readonly Case[] = [
  {
    what: 'ESME_RSUBMITFAIL',
    at: 'submit',
    say: status('80000004', '00000045'),
    code: 'SMS_REFUSED',
    message: /did not take the message: ESME_RSUBMITFAIL \(0x45\)/,
  },
  {
    what: 'ESME_RTHROTTLED',
    at: 'submit',
    say: status('80000004', '00000058'),
    code: 'SMS_REFUSED',
    message: /ESME_RTHROTTLED \(0x58\), too many messages in too short a time/,
  },
  {
    what: 'ESME_RINVDSTADR with an id',
    at: 'submit',
    say: ({ sequence }) => frame(`80000004 0000000b ${sequence}`, '3700'),
    code: 'SMS_REFUSED',
    message: /ESME_RINVDSTADR \(0x0b\), it does not take the number/,
  },
  {
    what: 'generic_nack',
    at: 'submit',
    say: status('80000000', '00000002'),
    code: 'SMS_REFUSED',
    message: /ESME_RINVCMDLEN \(0x02\)/,
  },
  {
    what: 'the answer to something else',
    at: 'submit',
    say: status('80000015', '00000000'),
    code: 'SMS_UNREACHABLE',
    message: /it answered submit_sm with enquire_link_resp; it may have taken the message$/,
  },
  {
    what: 'an answer to another number, and then silence',
    at: 'submit',
    say: () => frame('80000004 00000000 00000077', '3700'),
    code: 'SMS_UNREACHABLE',
    message: /it did not answer submit_sm in time; it may have taken the message$/,
    timeout: '60,5',
  },
  { what: 'the end of the connection', at: 'submit', say: hangUp, code: 'SMS_UNREACHABLE', message: UNSURE },
  {
    what: 'half of an answer and the end of the connection',
    at: 'submit',
    say: (pdu, socket) => {
      socket.end(octets(polite(pdu, socket)!).subarray(0, 18));
      return undefined;
    },
    code: 'SMS_UNREACHABLE',
    message: UNSURE,
  },
  {
    what: 'the end of the session',
    at: 'submit',
    say: () => frame('00000006 00000000 00000001'),
    code: 'SMS_UNREACHABLE',
    message: /it ended the session; it may have taken the message$/,
  },
  {
    what: 'a PDU of 2 GB',
    at: 'submit',
    say: () => '80000000 80000004 00000000 00000002',
    code: 'SMS_UNREACHABLE',
    message: /submit_sm_resp of 2147483648 octets.*; it may have taken the message$/,
  },
  {
    what: 'a PDU of 2 GB',
    at: 'bind',
    say: () => '80000000',
    code: 'SMS_UNREACHABLE',
    message: /: it does not speak SMPP: a PDU of 2147483648 octets, where 16 to 70000 may be$/,
  },
  {
    what: 'a page of the web',
    at: 'bind',
    say: () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n').toString('hex'),
    code: 'SMS_UNREACHABLE',
    message: /: it does not speak SMPP, but says "HTTP\/1\.1 400 Bad Request"$/,
  },
  {
    what: 'the end of the connection',
    at: 'bind',
    say: hangUp,
    code: 'SMS_UNREACHABLE',
    message: /:[0-9]+: it closed the connection$/,
  },
  {
    what: 'yes, and the end of the session at once',
    at: 'bind',
    say: (pdu, socket) => `${polite(pdu, socket)}${frame('00000006 00000000 00000001')}`,
    code: 'SMS_UNREACHABLE',
    message: /:[0-9]+: it ended the session$/,
  },
];

// Side by side, since what is waited for is time-outs.
describe('a gateway that means ill', { concurrency: 4 }, () => {
  for (const { what, at, say, code, message, timeout } of CASES) {
    test(`${what} in answer to ${at}`, async (t) => {
      const smsc = await fakeSmsc(t, firstOnly(at === 'bind' ? '00000009' : '00000004', say));
      const provider = openSmppProvider({ ...CONFIG, port: smsc.port, ...(timeout && { TIMEOUT: timeout }) });
      t.after(() => provider.close());
      await assert.rejects(provider.send(MESSAGE), { code, message });
      assert.match(await provider.send(MESSAGE), /^message id m[234]$/);
      // Nothing was sent again that may have arrived.
      assert.equal(smsc.bodies('00000004').length, at === 'bind' ? 1 : 2);
    });
  }

  test('a gateway that never says a word', async (t) => {
    const smsc = await fakeSmsc(t, () => undefined);
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port, TIMEOUT: '60,1' });
    t.after(() => provider.close());
    await assert.rejects(provider.send(MESSAGE), {
      code: 'SMS_UNREACHABLE',
      message: /it did not answer bind_transmitter in time$/,
    });
  });

  test('after a silence a session has to answer before it gets a message; one that does not is left', async (t) => {
    const smsc = await fakeSmsc(t, (pdu, socket) => {
      const isDead = pdu.connection === 1 && ['00000004', '00000015'].includes(pdu.command);
      return isDead ? undefined : polite(pdu, socket);
    });
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port, TIMEOUT: '60,4' });
    t.after(() => provider.close());
    await assert.rejects(provider.send(MESSAGE), { code: 'SMS_UNREACHABLE', message: UNSURE });
    assert.deepEqual(await Promise.all([provider.send(MESSAGE), provider.send(MESSAGE)]), [
      'message id m2',
      'message id m3',
    ]);
    assert.deepEqual(
      smsc.arrived.map(({ connection, command }) => [connection, Number(command)]),
      [...[9, 4, 15].map((command) => [1, command]), ...[9, 4, 4].map((command) => [2, command])],
    );
  });

  test('enquire_link goes out by itself; without an answer the session is ended', async (t) => {
    const smsc = await fakeSmsc(t, (pdu, socket) =>
      pdu.command === '00000015' && pdu.sequence === '00000004' ? undefined : polite(pdu, socket),
    );
    const config = { ...CONFIG, port: smsc.port, enquire_link: '1', registered_delivery: 'True', TIMEOUT: '60,4' };
    const provider = openSmppProvider(config);
    t.after(() => provider.close());
    await provider.send(MESSAGE);
    // Numbers 3 and 4; then the session comes again, since receipts are waited for.
    await smsc.nth('00000015', 2);
    assert.equal((await smsc.nth('00000009', 2)).connection, 2);
    assert.equal(smsc.bodies('00000004').length, 1);
  });

  test('no gateway at all, or no such host', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    for (const [server, code] of [
      ['127.0.0.1', 'ECONNREFUSED'],
      ['gateway.invalid', ''],
    ] as const) {
      const provider = openSmppProvider({ ...CONFIG, server, port });
      t.after(() => provider.close());
      await assert.rejects(provider.send(MESSAGE), {
        code: 'SMS_UNREACHABLE',
        message: new RegExp(`:${port}: it could not be connected to: ${code}`),
      });
    }
  });

  test('a part that is refused is the last one that is sent', async (t) => {
    const smsc = await fakeSmsc(t, (pdu, socket) =>
      smsc.bodies('00000004').length === 2 ? frame(`80000004 00000014 ${pdu.sequence}`) : polite(pdu, socket),
    );
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port });
    t.after(() => provider.close());
    await assert.rejects(provider.send({ ...MESSAGE, text: 'x'.repeat(400) }), {
      code: 'SMS_REFUSED',
      message: /did not take part 2 of 3 of the message: ESME_RMSGQFUL \(0x14\)/,
    });
    assert.equal(smsc.bodies('00000004').length, 2);
  });

  test('numbers that SMPP cannot carry go nowhere', async (t) => {
    const smsc = await fakeSmsc(t);
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port });
    t.after(() => provider.close());
    for (const number of ['', '+4917012345678901234567', '+49é'])
      await assert.rejects(provider.send({ ...MESSAGE, number }), { code: 'SMS_NUMBER' });
    assert.deepEqual(smsc.arrived, []);
  });

  test('what the gateway asks is answered; what nobody knows is said to be unknown', async (t) => {
    const smsc = await fakeSmsc(t);
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port });
    t.after(() => provider.close());
    await provider.send(MESSAGE);
    const asked: readonly [asked: string, command: string, answer: [status: string, sequence: string, body: string]][] =
      [
        [frame('00000015 00000000 00000011'), '80000015', ['00000000', '00000011', '']],
        // A message from a telephone.
        [
          frame('00000005 00000000 00000012', '00 0101343900 0101313200 00 0000 0000 00000000 02 6869'),
          '80000005',
          ['00000000', '00000012', '00'],
        ],
        [frame('00000005 00000000 00000013', '00 0101'), '80000005', ['00000066', '00000013', '00']],
        [
          frame('00000103 00000000 00000014', '00 0101343900 0101313200 04 00 00'),
          '80000000',
          ['00000003', '00000014', ''],
        ],
        [frame('00000004 00000000 00000015'), '80000000', ['00000003', '00000015', '']],
        // Neither has an answer, nor has the answer to nothing.
        [
          `${frame('00000102 00000000 00000016')}${frame('0000000b 00000000 00000017')}${frame('80000004 00000000 00000018')}` +
            frame('00099999 00000000 00000019'),
          '80000000',
          ['00000003', '00000019', ''],
        ],
      ];
    const seen = new Map<string, number>();
    for (const [octets, command, answer] of asked) {
      smsc.say(octets);
      const count = (seen.get(command) ?? 0) + 1;
      seen.set(command, count);
      const { status, sequence, body } = await smsc.nth(command, count);
      assert.deepEqual([status, sequence, body], answer);
    }
    assert.equal(await provider.send(MESSAGE), 'message id m3');
    assert.equal(smsc.arrived.length, 3 + asked.length);
  });

  test('a gateway that asks and never reads is let go', async (t) => {
    const smsc = await fakeSmsc(t, (pdu, socket) => {
      if (pdu.command !== '00000004') return polite(pdu, socket);
      socket.pause();
      // As many questions as it takes.
      const ask = () => {
        while (!socket.destroyed && socket.write(octets(frame('00000015 00000000 00000001').repeat(1000))));
        if (!socket.destroyed) socket.once('drain', ask);
      };
      ask();
      return undefined;
    });
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port });
    t.after(() => provider.close());
    await assert.rejects(provider.send(MESSAGE), {
      code: 'SMS_UNREACHABLE',
      message: /it does not read what it is sent; it may have taken the message$/,
    });
  });

  test('any octets in answer to a bind or a message let it end in an error that has a code', async (t) => {
    let noise: Uint8Array = new Uint8Array(0);
    let at = '';
    const smsc = await fakeSmsc(t, (pdu, socket) => {
      if (pdu.command !== at) return polite(pdu, socket);
      socket.end(noise);
      return undefined;
    });
    const header = fc.tuple(
      fc.constantFrom(0x8000_0004, 0x8000_0009, 0x8000_0000, 5, 0x103, 6, 0x15),
      fc.constantFrom(0, 3, 0x58),
      fc.integer({ min: 0, max: 3 }),
    );
    const pdu = fc.tuple(header, fc.uint8Array({ maxLength: 60 })).map(([[command, status, sequence], body]) => {
      const [a, b, c] = [command, status, sequence].map((one) => one.toString(16).padStart(8, '0'));
      return octets(frame(`${a} ${b} ${c}`, Buffer.from(body).toString('hex')));
    });
    const streams = fc.array(fc.oneof(pdu, fc.uint8Array({ maxLength: 40 })), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(streams, fc.constantFrom('00000009', '00000004'), async (pieces, command) => {
        noise = Buffer.concat(pieces);
        at = command;
        const provider = openSmppProvider({ ...CONFIG, port: smsc.port, registered_delivery: '1' });
        try {
          await provider.send(MESSAGE);
        } catch (error) {
          assert.ok(error instanceof GatehouseError, String(error));
        }
        await provider.close();
      }),
      { numRuns: 200 },
    );
  });
});
