import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../core/answer.ts';
import type { Challenged, Knock, Refused, Verdict } from '../../../core/gate/types.ts';
import { PolicyRules } from '../../../core/policy/rules.ts';
import type { Realms } from '../../../core/realms/types.ts';
import type { HttpReply } from '../../../platform/http-route.ts';
import { silentLog } from '../../../platform/log.ts';
import { ClientAddresses } from '../client.ts';
import { resultOf, START } from '../lab.ts';
import { validateCalls } from './calls.ts';

const PROVEN: Verdict = {
  verdict: 'proven',
  ticket: {} as never,
  token: { serial: 'LSSM0001', type: 'sms', description: 'a', failCount: 0 },
};
const REFUSED: Refused = { verdict: 'refused', reason: 'wrong-proof', silent: false };
const [ONE, TWO] = ['LSSM0001', 'LSSM0002'].map((serial, i) => ({
  transaction: `12345678901234.0${i + 1}`,
  message: 'sms submitted',
  serial,
  type: 'sms' as const,
  description: 'mine',
  again: false,
}));
const CHALLENGE: Challenged = {
  verdict: 'challenge',
  transaction: '12345678901234567',
  via: 'sms',
  prompt: 'sms submitted',
  tokens: [{ ...ONE!, transaction: '12345678901234567' }],
};
const SEVERAL: Challenged = { ...CHALLENGE, transaction: '12345678901234', tokens: [ONE!, TWO!] };
const DETAIL = {
  transactionid: '12345678901234567',
  message: 'sms submitted',
  state: '12345678901234567',
  linotp_tokenserial: 'LSSM0001',
  linotp_tokentype: 'sms',
  linotp_tokendescription: 'mine',
};
const YES = '"result":{"status":true,"value":true}';
const NO = '"result":{"status":true,"value":false}';
const HANS = { user: 'hans', pass: 'geheim' };

function lab(verdict: (knock: Knock) => Answer<Verdict> = () => REFUSED) {
  const knocks: Knock[] = [];
  const policy = new PolicyRules();
  const config: Record<string, string> = {};
  const calls = validateCalls({
    clock: { now: () => START, monotonic: () => 0 },
    log: silentLog,
    gate: {
      prove(knock) {
        knocks.push(knock);
        return verdict(knock);
      },
    },
    realms: {
      split: (text: string, realm = 'house') => ({ login: text.split('@')[0]!, realm: text.split('@')[1] ?? realm }),
      find: (login: string, realm: string) =>
        login === 'away'
          ? Promise.reject(new Error('away'))
          : { source: 'local', id: '1', login, realm, locked: false, attributes: { surname: 'Muster' } },
    } as unknown as Realms,
    challenges: {
      status: (transaction) =>
        transaction === '77'
          ? [
              {
                transaction: '77.01',
                serial: 'LSSM0001',
                type: 'sms',
                message: 'sms submitted',
                receivedCount: 2,
                receivedTan: true,
                validTan: false,
                open: true,
              },
            ]
          : [],
    },
    policy,
    config: { get: (key) => config[key] },
    clients: () => new ClientAddresses({ client_from: ['192.0.2.1'], trusted_proxies: [] }),
  });

  async function send(path: string, fields: Record<string, string>, method: 'GET' | 'POST' = 'POST') {
    const rest = { headers: {}, address: '192.0.2.1', port: 4000, secure: false };
    return calls[`/validate/${path}`]!({ path, method, fields: new Map(Object.entries(fields)), ...rest });
  }
  const bodyOf = async (path: string, fields: Record<string, string>) => {
    const reply = await send(path, fields);
    assert.equal(reply.status, 200);
    return reply.body;
  };
  return { knocks, policy, config, send, bodyOf };
}

function envelope(result: string, id: string, detail?: object): string {
  const tail = detail === undefined ? '' : `,"detail":${JSON.stringify(detail)}`;
  return `{"jsonrpc":"2.0802",${result},"version":"LinOTP 4.0.0 (Gatehouse)","versionNumber":"4.0.0","id":${id}${tail}}`;
}

test('check: right, wrong, and a challenge, byte for byte', async () => {
  const { send } = lab(() => PROVEN);
  const right = await send('check', HANS);
  assert.deepEqual([right.status, right.type, right.body], [200, 'application/json', envelope(YES, '0')]);
  assert.equal(await lab(() => REFUSED).bodyOf('check', HANS), envelope(NO, '0'));
  assert.equal(await lab(async () => CHALLENGE).bodyOf('check', HANS), envelope(NO, '0', DETAIL));
  const again = {
    ...CHALLENGE,
    tokens: [{ ...CHALLENGE.tokens[0]!, again: true, message: 'sms with otp already submitted' }],
  };
  assert.deepEqual(resultOf(await lab(() => again).send('check', HANS)).detail, {
    ...DETAIL,
    message: 'sms with otp already submitted',
    info: 'challenge already submitted',
  });
});

test('check: several tokens', async () => {
  const { detail } = resultOf(await lab(() => SEVERAL).send('check', HANS));
  const sub = (n: 1 | 2) => ({
    ...DETAIL,
    transactionid: `12345678901234.0${n}`,
    state: `12345678901234.0${n}`,
    linotp_tokenserial: `LSSM000${n}`,
  });
  assert.deepEqual(detail, {
    challenges: { LSSM0001: sub(1), LSSM0002: sub(2) },
    transactionid: '12345678901234',
    message: 'Multiple challenges submitted.',
  });
});

test('simplecheck: its four answers, without a newline', async () => {
  const answer = (verdict: Verdict) => lab(() => verdict).bodyOf('simplecheck', HANS);
  assert.equal(await answer(PROVEN), ':-)');
  assert.equal(await answer(REFUSED), ':-(');
  assert.equal(await answer({ ...REFUSED, reason: 'slowed', silent: true }), ':-(');
  assert.equal(await answer(CHALLENGE), ':-( 12345678901234567 sms submitted');
  assert.equal(await answer(SEVERAL), ':-( 12345678901234 Multiple challenges submitted.');
});

test('smspin: the challenge stands in place of the id', async () => {
  assert.equal(await lab(() => CHALLENGE).bodyOf('smspin', HANS), envelope(YES, JSON.stringify(DETAIL)));
  assert.equal(await lab().bodyOf('smspin', HANS), envelope(NO, '0'));
});

test('check_s: by serial, and without any it does not come to a check', async () => {
  const { knocks, bodyOf } = lab(() => CHALLENGE);
  assert.equal(
    await bodyOf('check_s', { serial: 'LSSM0001', pass: '', challenge: 'Hi <otp>' }),
    envelope(NO, '0', DETAIL),
  );
  const { proof, user, domain } = knocks[0]!;
  assert.deepEqual([user, domain], ['', '']);
  assert.deepEqual(proof, { kind: 'otp', pass: '', serial: 'LSSM0001', bySerial: true, challenge: 'Hi <otp>' });
  assert.equal(await bodyOf('check_s', { pass: 'x' }), envelope('"result":{"status":false,"value":false}', '0'));
});

test('check_t: whose token it was, how often it failed, and what is unknown', async () => {
  const answer = (verdict: Verdict, fields = { state: '77', pass: '1' } as Record<string, string>) =>
    lab(() => verdict).bodyOf('check_t', fields);
  const of = (value: boolean, failcount: number) => ({ value, failcount, token_type: 'sms', serial: 'LSSM0001' });
  const result = (value: boolean, failcount: number) =>
    `"result":{"status":true,"value":{"value":${value},"failcount":${failcount}}}`;
  assert.equal(await answer(PROVEN), envelope(result(true, 0), '1', of(true, 0)));
  const wrong: Refused = { ...REFUSED, otp: { detail: 'x', serial: 'LSSM0001', type: 'sms', failCount: 3 } };
  assert.equal(await answer(wrong), envelope(result(false, 3), '1', of(false, 3)));
  const unknown = { failure: "No challenge for transaction '77' found" };
  assert.equal(await answer({ ...REFUSED, otp: { detail: 'x', noTransaction: true } }), envelope(NO, '1', unknown));
  assert.equal(await answer(PROVEN, { pass: '1', user: 'hans' }), envelope(NO, '0'));
  assert.equal(await answer(PROVEN, { state: '77' }), envelope(NO, '0'));
});

test('check_status, samlcheck, ok, fail', async () => {
  const polled = lab(() => ({ ...CHALLENGE, tokens: [{ ...ONE!, transaction: '77.01', again: true }] }));
  const status = {
    received_count: 2,
    received_tan: true,
    valid_tan: false,
    message: 'sms submitted',
    status: 'open',
    token: { serial: 'LSSM0001', type: 'sms' },
  };
  assert.equal(
    await polled.bodyOf('check_status', { state: '77', pass: 'geheim' }),
    envelope(YES, '0', { transactions: { '77.01': status } }),
  );
  assert.deepEqual(polled.knocks[0]?.proof, { kind: 'otp', pass: 'geheim', transaction: '77', polls: true });
  assert.equal(await polled.bodyOf('check_status', { state: '77' }), envelope(NO, '0'));
  assert.equal(await polled.bodyOf('check_status', { pass: 'geheim' }), envelope(NO, '0'));
  assert.equal(await lab().bodyOf('check_status', { state: '77', pass: 'x' }), envelope(NO, '0'));
  const { bodyOf, config } = lab(() => PROVEN);
  const saml = (auth: boolean, attributes: string) =>
    `"result":{"status":true,"value":{"auth":${auth},"attributes":${attributes}}}`;
  assert.equal(await bodyOf('samlcheck', HANS), envelope(saml(true, '{}'), '0'));
  config.allowSamlAttributes = 'True';
  const known = '{"username":"hans","surname":"Muster","mobile":null,"phone":null,"givenname":null,"email":null}';
  assert.equal(await bodyOf('samlcheck', HANS), envelope(saml(true, known), '0'));
  assert.equal(await bodyOf('samlcheck', { ...HANS, user: 'away' }), envelope(saml(true, '{}'), '0'));
  assert.equal(await lab().bodyOf('samlcheck', HANS), envelope(saml(false, '{}'), '0'));
  assert.equal(await bodyOf('ok', {}), envelope(YES, '0'));
  assert.equal(await bodyOf('fail', {}), envelope(NO, '0'));
});

test('what the gate is asked: user and realm apart, the transaction by either name, the client as it may be believed', async () => {
  const { knocks, send } = lab();
  await send('check', { ...HANS, user: 'hans@staff', client: '198.51.100.7', state: '77', data: 'x'.repeat(5000) });
  await send('check', { ...HANS, realm: 'guests', transactionid: '78', token_type: 'sms' }, 'GET');
  const [first, second] = knocks;
  assert.deepEqual([first?.door, first?.user, first?.domain, first?.time], ['otp', 'hans', 'staff', START]);
  assert.deepEqual(first?.client, { address: '198.51.100.7', port: 0 });
  assert.deepEqual(first?.proof, { kind: 'otp', pass: 'geheim', transaction: '77', data: 'x'.repeat(1024) });
  assert.deepEqual([second?.user, second?.domain], ['hans', 'guests']);
  assert.deepEqual(second?.client, { address: '192.0.2.1', port: 4000 });
  assert.deepEqual(second?.proof, { kind: 'otp', pass: 'geheim', transaction: '78', tokenType: 'sms' });
});

test('setrealm: where the user is looked for, whatever was asked', async () => {
  const { knocks, policy, send } = lab();
  const rule = { name: 'r', scope: 'authorization', realm: 'house', client: '*', time: '', active: true };
  policy.replace([{ ...rule, user: 'ha*', action: 'setrealm=staff' }]);
  for (const user of ['hans', 'eve', 'hans@guests']) await send('check', { ...HANS, user });
  await send('check_s', { serial: 'LSSM0001', pass: 'x' });
  assert.deepEqual(
    knocks.map(({ user, domain }) => [user, domain]),
    [
      ['hans', 'staff'],
      ['eve', 'house'],
      ['hans', 'guests'],
      ['', ''],
    ],
  );
});

test('what is missing, too long or fails is refused like anything else, and the gate does not hear of it', async () => {
  const { knocks, bodyOf } = lab(() => PROVEN);
  const long = 'x'.repeat(1025);
  for (const fields of [
    {},
    { user: 'hans' },
    { pass: 'x' },
    { user: '', pass: 'x' },
    { ...HANS, pass: long },
    { ...HANS, user: long },
    { ...HANS, realm: long },
    { ...HANS, token_type: long },
  ]) {
    assert.equal(await bodyOf('check', fields as Record<string, string>), envelope(NO, '0'));
    assert.equal(await bodyOf('simplecheck', fields as Record<string, string>), ':-(');
  }
  assert.equal(knocks.length, 0);
  const throwing = lab(() => {
    throw new Error('a fault of ours');
  });
  const rejecting = lab(() => Promise.reject(new Error('a fault of ours')));
  for (const { bodyOf } of [throwing, rejecting]) {
    assert.equal(await bodyOf('check', HANS), envelope(NO, '0'));
    assert.equal(await bodyOf('simplecheck', HANS), ':-(');
    assert.equal(await bodyOf('smspin', HANS), envelope(NO, '0'));
  }
});

test('a code that could not be sent: whoever waits for it is told so, and not why', async () => {
  const { bodyOf, send } = lab(() => ({ ...REFUSED, reason: 'not-sent', otp: { detail: 'sending sms failed' } }));
  const told = { message: 'sending sms failed' };
  for (const [call, fields] of [
    ['check', HANS],
    ['check_s', { serial: 'LSSM0001', pass: 'x' }],
  ] as const) {
    const reply = resultOf((await send(call, fields)) as HttpReply);
    assert.deepEqual(reply, { result: { status: true, value: false }, detail: told });
  }
  assert.equal(await bodyOf('smspin', HANS), envelope(NO, JSON.stringify(told)));
  assert.equal(await bodyOf('simplecheck', HANS), ':-(', 'more would be taken for a challenge');
  // The caller on the telephone.
  const other = lab(() => ({ ...REFUSED, reason: 'not-sent' }));
  assert.equal(await other.bodyOf('check', HANS), envelope(NO, '0'));
});

test('policies of authorization tell more', async () => {
  let verdict: Verdict = PROVEN;
  const { policy, send } = lab(() => verdict);
  const rule = { scope: 'authorization', user: '*', realm: '*', client: '*', time: '', active: true };
  policy.replace([
    { ...rule, name: 'yes', action: 'detail_on_success' },
    { ...rule, name: 'no', action: 'detail_on_fail' },
  ]);
  const detail = async (): Promise<unknown> => resultOf((await send('check', HANS)) as HttpReply).detail;
  assert.deepEqual(await detail(), {
    user: { username: 'hans', realm: 'house' },
    realm: 'house',
    is_linotp_admin: false,
    tokentype: 'sms',
    serial: 'LSSM0001',
    description: 'a',
  });
  verdict = { ...REFUSED, otp: { detail: 'wrong otp pin -1' } };
  assert.deepEqual(await detail(), { error: 'wrong otp pin -1' });
  verdict = CHALLENGE;
  assert.deepEqual(await detail(), { ...DETAIL, error: 'challenge created' });
  verdict = { ...REFUSED, reason: 'unknown-user' };
  assert.deepEqual(await detail(), { error: 'access denied' });
});
