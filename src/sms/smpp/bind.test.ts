/** How a session comes about, at gateways of all kinds: transceivers, TLS, refusals, reports over a receiver. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { SmsReceipt } from '../../core/sms/types.ts';
import { fixture, pem } from '../lab.ts';
import { type FakeSmsc, fakeSmsc, frame, polite, politeBut, type Say } from './lab.ts';
import { openSmppProvider } from './provider.ts';

const MESSAGE = { number: '+491701234567', text: 'Your OTP is 123456' };
const CONFIG = { server: '127.0.0.1', system_id: 'foo', password: 'very-secret', source_addr: '1234', TIMEOUT: 60 };

const commands = (smsc: FakeSmsc) => smsc.arrived.map(({ command }) => command.replace(/^0+/, ''));

const OLD: readonly [what: string, say: Say][] = [
  ['generic_nack', ({ sequence }) => frame(`80000000 00000003 ${sequence}`)],
  ['generic_nack without a number', () => frame('80000000 00000003 00000000')],
  ['bind_transceiver_resp with ESME_RINVCMDID', ({ sequence }) => frame(`80000009 00000003 ${sequence}`)],
  ['silence', () => undefined],
];

// Side by side, since silences and pauses are waited for.
describe('a gateway of another kind', { concurrency: 4 }, () => {
  for (const [what, say] of OLD) {
    test(`a gateway that answers bind_transceiver with ${what} is bound to as transmitter, and so the next time`, async (t) => {
      const smsc = await fakeSmsc(t, politeBut('00000009', say));
      const provider = openSmppProvider({ ...CONFIG, port: smsc.port });
      await provider.send(MESSAGE);
      assert.deepEqual(commands(smsc), ['9', '2', '4']);
      await smsc.unbind();
      await provider.send(MESSAGE);
      assert.deepEqual(commands(smsc).slice(3), ['80000006', '2', '4']);
      await provider.close();
    });
  }

  test('a gateway that answers bind_transceiver late has one all the same', async (t) => {
    let first = '';
    const smsc = await fakeSmsc(t, (pdu, socket) => {
      if (pdu.command === '00000009') first = pdu.sequence;
      if (pdu.command === '00000009') return undefined;
      if (pdu.command !== '00000002') return polite(pdu, socket);
      return frame(`80000009 00000000 ${first}`, '00') + frame(`80000002 00000005 ${pdu.sequence}`);
    });
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port });
    await provider.send(MESSAGE);
    await provider.close();
    assert.deepEqual(commands(smsc), ['9', '2', '4', '6']);
  });

  test('a bind that is refused says why, and shows no password', async (t) => {
    for (const [status, words] of [
      ['0000000d', /ESME_RBINDFAIL \(0x0d\), it does not let us in/],
      ['0000000e', /does not let us in as transceiver: ESME_RINVPASWD \(0x0e\), the password is wrong/],
      ['0000000f', /ESME_RINVSYSID \(0x0f\)/],
      ['00000005', /ESME_RALYBND \(0x05\), the account is bound already/],
      ['00000400', /status 0x400, whose meaning the gateway's operator knows/],
    ] as const) {
      const smsc = await fakeSmsc(t, ({ sequence }) => frame(`80000009 ${status} ${sequence}`));
      const provider = openSmppProvider({ ...CONFIG, port: smsc.port });
      t.after(() => provider.close());
      await assert.rejects(provider.send(MESSAGE), (error: Error & { code: string; toText(): string }) => {
        assert.equal(error.code, 'SMS_REFUSED');
        assert.match(error.message, words);
        assert.ok(!error.toText().includes(CONFIG.password));
        return true;
      });
      assert.deepEqual(commands(smsc), ['9']);
    }
  });

  test('a gateway that knows neither kind of bind refuses', async (t) => {
    const smsc = await fakeSmsc(t, ({ sequence }) => frame(`80000000 00000003 ${sequence}`));
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port });
    t.after(() => provider.close());
    await assert.rejects(provider.send(MESSAGE), {
      code: 'SMS_REFUSED',
      message: /does not let us in as transmitter: ESME_RINVCMDID/,
    });
  });

  test('TLS: trusted by SERVER_CERTIFICATE, refused without, taken as it is with "false"', async (t) => {
    const smsc = await fakeSmsc(t, polite, { key: pem('gate.key'), cert: pem('gate.pem') });
    const send = async (change: object) => {
      const provider = openSmppProvider({ ...CONFIG, port: smsc.port, ...change });
      t.after(() => provider.close());
      return provider.send(MESSAGE);
    };
    assert.equal(await send({ use_tls: 'True', SERVER_CERTIFICATE: fixture('authority.pem') }), 'message id m2');
    assert.equal(await send({ use_tls: 'True', SERVER_CERTIFICATE: 'false' }), 'message id m2');
    await assert.rejects(send({ use_tls: 'True' }), {
      code: 'SMS_UNREACHABLE',
      message: /its certificate is not trusted \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/,
      hint: /SERVER_CERTIFICATE/,
    });
    await assert.rejects(send({ use_tls: 'True', SERVER_CERTIFICATE: fixture('stranger.pem') }), {
      code: 'SMS_UNREACHABLE',
    });
    await assert.rejects(send({ TIMEOUT: 1 }), { code: 'SMS_UNREACHABLE' });
    const own = { use_tls: 'True', SERVER_CERTIFICATE: 'false', CLIENT_CERTIFICATE_FILE: fixture('authority.pem') };
    assert.throws(() => openSmppProvider({ ...CONFIG, ...own }), {
      code: 'SMS_CONFIG',
      where: 'CLIENT_CERTIFICATE_FILE',
      message: /the certificates cannot be used/,
    });
    const silent = await fakeSmsc(t, () => undefined);
    await assert.rejects(send({ use_tls: 'True', port: silent.port, TIMEOUT: 1 }), {
      code: 'SMS_UNREACHABLE',
      message: /it could not be connected to in time$/,
    });
  });

  test('CLIENT_CERTIFICATE_FILE is shown to a gateway that demands it', async (t) => {
    const authority = pem('authority.pem');
    const demanding = { key: pem('gate.key'), cert: pem('gate.pem'), ca: authority, requestCert: true };
    const smsc = await fakeSmsc(t, polite, demanding);
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-smpp-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'client.pem');
    writeFileSync(file, Buffer.concat([pem('telephone.pem'), pem('telephone.key')]));
    const config = { ...CONFIG, port: smsc.port, use_tls: 'True', SERVER_CERTIFICATE: fixture('authority.pem') };
    for (const CLIENT_CERTIFICATE_FILE of [undefined, file]) {
      const provider = openSmppProvider({ ...config, CLIENT_CERTIFICATE_FILE });
      t.after(() => provider.close());
      if (CLIENT_CERTIFICATE_FILE) assert.equal(await provider.send(MESSAGE), 'message id m2');
      else await assert.rejects(provider.send(MESSAGE), { code: 'SMS_UNREACHABLE' });
    }
  });

  /** The body of a deliver_sm with a receipt of this text. */
  function receiptOf(text: string): string {
    const message = Buffer.from(text).toString('hex');
    return `00 01 01 343900 01 01 3132333400 04 00 00 00 00 00 00 00 00 ${text.length.toString(16).padStart(2, '0')} ${message}`;
  }

  test('delivery receipts: answered, and told under the id that was told before', async (t) => {
    // With the answer to submit_sm, in one piece.
    const smsc = await fakeSmsc(t, (pdu, socket) => {
      const answer = polite(pdu, socket);
      if (pdu.command !== '00000004') return answer;
      return `${answer}${frame('00000005 00000000 00000007', receiptOf('id:m2 stat:ENROUTE err:000'))}`;
    });
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port, registered_delivery: 'True' });
    t.after(() => provider.close());
    const heard: (string | SmsReceipt)[] = [];
    let delivered = () => {};
    const all = new Promise<void>((resolve) => {
      delivered = resolve;
    });
    provider.onReceipt!((receipt) => {
      heard.push(receipt);
      if (receipt.state === 'delivered') delivered();
    });
    assert.equal(await provider.send(MESSAGE, (id) => heard.push(id)), 'message id m2');
    const answer = await smsc.nth('80000005', 1);
    assert.deepEqual([answer.sequence, answer.status, answer.body], ['00000007', '00000000', '00']);
    smsc.say(frame('00000005 00000000 00000008', receiptOf('id:m2 stat:DELIVRD err:000')));
    await all;
    assert.deepEqual(heard, [
      'm2',
      { id: 'm2', state: 'underway', detail: 'ENROUTE' },
      { id: 'm2', state: 'delivered', detail: 'DELIVRD' },
    ]);
  });

  test('without registered_delivery nobody is told an id, and there are no receipts to listen for', async (t) => {
    const smsc = await fakeSmsc(t);
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port });
    t.after(() => provider.close());
    await provider.send(MESSAGE, () => assert.fail('no receipt will come'));
    assert.equal(provider.onReceipt, undefined);
  });

  test('where receipts are wanted, there is a session before the first message, and again after it was lost', async (t) => {
    const smsc = await fakeSmsc(t);
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port, registered_delivery: 'True' });
    t.after(() => provider.close());
    provider.onReceipt!(() => {});
    for (const connection of [1, 2, 3]) {
      assert.equal((await smsc.nth('00000009', connection)).connection, connection);
      smsc.hangUp();
    }
  });

  test('a gateway without transceivers reports over a receiver; that it does not is told', async (t) => {
    const unknown = (sequence: string) => frame(`80000000 00000003 ${sequence}`);
    const smsc = await fakeSmsc(
      t,
      politeBut('00000009', ({ sequence }) => unknown(sequence)),
    );
    const provider = openSmppProvider({ ...CONFIG, port: smsc.port, registered_delivery: 'True' });
    t.after(() => provider.close());
    const receipt = new Promise((resolve) => provider.onReceipt!(resolve));
    await provider.send(MESSAGE);
    const { connection } = await smsc.nth('00000001', 1);
    assert.equal(connection, 2);
    smsc.say(frame('00000005 00000000 00000001', receiptOf('id:m3 stat:EXPIRED')));
    assert.deepEqual(await receipt, { id: 'm3', state: 'failed', detail: 'EXPIRED' });

    const deaf = await fakeSmsc(
      t,
      politeBut('00000001', ({ sequence }) => frame(`80000001 0000000d ${sequence}`)),
    );
    const config = { ...CONFIG, port: deaf.port, registered_delivery: 'True', bind_mode: 'transmitter+receiver' };
    const second = openSmppProvider(config);
    t.after(() => second.close());
    second.onReceipt!(() => {});
    await deaf.nth('00000001', 1);
    let said = '';
    for (let i = 0; i < 200 && !said.includes('no delivery receipts'); i++) said = await second.send(MESSAGE);
    assert.match(said, /^message id m[0-9]+; no delivery receipts: .* does not let us in as receiver: ESME_RBINDFAIL/);
  });
});
