/** What goes over the wire for each key, octet by octet, at a gateway that answers as it should. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { SmsConfig } from '../../core/sms/types.ts';
import { fakeSmsc, polite, type Say } from './lab.ts';
import { openSmppProvider } from './provider.ts';

const MESSAGE = { number: '+491701234567', text: 'Your OTP is 123456' };
const CONFIG = { server: '127.0.0.1', system_id: 'foo', password: 'bar', source_addr: '1234', TIMEOUT: 60 };

const hex = (...parts: string[]) => parts.join('').replaceAll(' ', '');

async function sent(t: TestContext, config: SmsConfig = {}, message = MESSAGE, say: Say = polite) {
  const smsc = await fakeSmsc(t, say);
  const provider = openSmppProvider({ ...CONFIG, port: smsc.port, ...config });
  const said = await provider.send(message);
  await provider.close();
  const [bound = ''] = smsc.bodies('00000009');
  const submitted = smsc.bodies('00000004');
  return { smsc, said, bound, submitted, body: submitted[0]! };
}

/** From service_type to destination_addr, for the configuration and number above. */
const ADDRESSES = '00 01 01 3132333400 01 01 2b34393137303132333435363700';
const OTP = '596f7572204f545020697320313233343536';

test('bind_transceiver, submit_sm and unbind, as LinOTP sends them', async (t) => {
  const { smsc, said } = await sent(t);
  assert.equal(said, 'message id m2');
  assert.deepEqual(
    smsc.arrived.map(({ command, sequence, body }) => [command, sequence, body]),
    [
      ['00000009', '00000001', hex('666f6f00 62617200 00 34 00 00 00')],
      ['00000004', '00000002', hex(ADDRESSES, '00 00 00 00 00 00 00 03 00 12', OTP)],
      ['00000006', '00000003', ''],
    ],
  );
});

test('system_type stands in the bind only; numbers of address fields are as given, as text or number', async (t) => {
  const { bound, body } = await sent(t, {
    system_type: 'VMA',
    source_addr: 'Gate',
    source_addr_ton: '5',
    source_addr_npi: '0',
    dest_addr_ton: 2,
    dest_addr_npi: 8,
  });
  assert.equal(bound, hex('666f6f00 62617200 564d4100 34 00 00 00'));
  assert.equal(
    body,
    hex('00 05 00 4761746500 02 08 2b34393137303132333435363700', '00 00 00 00 00 00 00 03 00 12', OTP),
  );
});

test('MSISDN and SUPPRESS_PREFIX', async (t) => {
  const message = { ...MESSAGE, number: ' +49 (170) 12-34 ' };
  const { body } = await sent(t, { MSISDN: 'True', SUPPRESS_PREFIX: '+' }, message);
  assert.ok(body.startsWith(hex('00 01 01 3132333400 01 01 34393137303132333400')));
});

test('160 characters of Latin-1 are one message, with their octets', async (t) => {
  const { submitted } = await sent(t, {}, { ...MESSAGE, text: `${'ü['.repeat(79)}§@` });
  assert.deepEqual(submitted, [hex(ADDRESSES, '00 00 00 00 00 00 00 03 00 a0', 'fc5b'.repeat(79), 'a740')]);
});

test('161 are two parts, that say so in a header; each message has a reference of its own', async (t) => {
  const smsc = await fakeSmsc(t);
  const provider = openSmppProvider({ ...CONFIG, port: smsc.port });
  const text = 'x'.repeat(161);
  assert.equal(await provider.send({ ...MESSAGE, text }), 'message id m2, m3');
  await provider.send({ ...MESSAGE, text });
  await provider.close();
  const submitted = smsc.bodies('00000004');
  const head = hex(ADDRESSES, '40 00 00 00 00 00 00 03 00');
  const references = submitted.map((body) => body.slice(head.length + 8, head.length + 10));
  const [first = '', , second = ''] = references;
  assert.equal((Number.parseInt(first, 16) + 1) % 256, Number.parseInt(second, 16));
  assert.deepEqual(submitted, [
    hex(head, '9f', `050003${first}0201`, '78'.repeat(153)),
    hex(head, '0e', `050003${first}0202`, '78'.repeat(8)),
    hex(head, '9f', `050003${second}0201`, '78'.repeat(153)),
    hex(head, '0e', `050003${second}0202`, '78'.repeat(8)),
  ]);
});

test('what Latin-1 lacks makes it UCS-2', async (t) => {
  const { body } = await sent(t, {}, { ...MESSAGE, text: '5€ 😀' });
  assert.equal(body, hex(ADDRESSES, '00 00 00 00 00 00 00 08 00 0a', '0035 20ac 0020 d83d de00'));
});

test('target_encoding: the alphabet of GSM, or always UCS-2', async (t) => {
  for (const target_encoding of ['GSM7', 'gsm-7', 'GSM03.38']) {
    const { body } = await sent(t, { target_encoding }, { ...MESSAGE, text: '@5€ß' });
    assert.equal(body, hex(ADDRESSES, '00 00 00 00 00 00 00 00 00 05', '00 35 1b65 1e'));
  }
  const { body } = await sent(t, { target_encoding: 'UCS2' }, { ...MESSAGE, text: 'ab' });
  assert.equal(body, hex(ADDRESSES, '00 00 00 00 00 00 00 08 00 04', '0061 0062'));
});

test('registered_delivery asks for receipts', async (t) => {
  for (const [given, octet] of [
    ['True', '01'],
    [1, '01'],
    ['2', '02'],
    [false, '00'],
  ] as const) {
    const { body } = await sent(t, { registered_delivery: given });
    assert.equal(body, hex(ADDRESSES, `00 00 00 00 00 ${octet} 00 03 00 12`, OTP));
  }
});

test('a session is kept for the next message, or not', async (t) => {
  for (const [keep_session, commands, connections] of [
    [undefined, '9 4 4 6', [1, 1, 1, 1]],
    ['False', '9 4 6 9 4 6', [1, 1, 1, 2, 2, 2]],
  ] as const) {
    const smsc = await fakeSmsc(t);
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port, keep_session });
    await provider.send(MESSAGE);
    if (keep_session) await smsc.nth('00000006', 1);
    await provider.send(MESSAGE);
    await provider.close();
    assert.equal(smsc.arrived.map(({ command }) => Number(command)).join(' '), commands);
    assert.deepEqual(
      smsc.arrived.map(({ connection }) => connection),
      connections,
    );
  }
});

test('bind_mode: a transmitter, or that and a receiver over a connection of its own', async (t) => {
  const alone = await sent(t, { bind_mode: 'transmitter' });
  assert.equal(alone.smsc.arrived[0]?.command, '00000002');
  const smsc = await fakeSmsc(t);
  const provider = openSmppProvider({ ...CONFIG, port: smsc.port, bind_mode: 'transmitter+receiver' });
  await provider.send(MESSAGE);
  const receiver = await smsc.nth('00000001', 1);
  assert.equal(receiver.body, hex('666f6f00 62617200 00 34 00 00 00'));
  assert.deepEqual([receiver.connection, smsc.arrived[0]?.command, smsc.arrived[0]?.connection], [2, '00000002', 1]);
  await provider.close();
});

test('messages at once share a session; window says how many wait for an answer', async (t) => {
  const held: (() => void)[] = [];
  const smsc = await fakeSmsc(t, (pdu, socket) => {
    if (pdu.command !== '00000004') return polite(pdu, socket);
    held.push(() => socket.write(Buffer.from(polite(pdu, socket)!, 'hex')));
    return undefined;
  });
  const provider = openSmppProvider({ ...CONFIG, port: smsc.port, window: '2' });
  const all = Promise.all(Array.from({ length: 5 }, () => provider.send(MESSAGE)));
  for (const [i, waiting] of [2, 3, 4, 5, 5].entries()) {
    await smsc.nth('00000004', waiting);
    assert.equal(smsc.bodies('00000004').length, waiting);
    held[i]!();
  }
  assert.deepEqual(
    (await all).sort(),
    ['2', '3', '4', '5', '6'].map((n) => `message id m${n}`),
  );
  await provider.close();
  assert.equal(smsc.bodies('00000009').length, 1);
});
