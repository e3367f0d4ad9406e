import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatehouseError } from '../../platform/errors.ts';
import { smsOptions } from './config.ts';
import { type FakeGateway, MESSAGE, smsLab } from './lab.ts';

const took: FakeGateway = async () => 'ID 7';
const fails = (code: string): FakeGateway => {
  return () => Promise.reject(new GatehouseError(code, `${code} it is`));
};
const down = fails('SMS_UNREACHABLE');

test('without a policy the default provider sends, and says how long its codes are valid', async () => {
  const { sender } = await smsLab({ one: took, two: took });
  assert.deepEqual(await sender.send(MESSAGE), { provider: 'one', answer: 'ID 7', timeout: null });
});

test('the policy of user, realm and client names who is tried, in its order', async () => {
  const { sender, rules } = await smsLab({ one: took, two: took, three: took });
  const rule = (name: string, action: string, user: string, client: string) => {
    return { name, scope: 'authentication', action, user, realm: 'one', client, time: '', active: true };
  };
  rules.replace([
    rule('all', 'sms_provider=two three', '*', '*'),
    rule('net', 'sms_provider=three', '*', '10.0.0.0/8'),
  ]);
  assert.deepEqual(await sender.send(MESSAGE), { provider: 'two', answer: 'ID 7', timeout: 60 });
  assert.equal((await sender.send({ ...MESSAGE, client: '10.0.0.1' })).provider, 'three');
  assert.equal((await sender.send({ ...MESSAGE, realm: 'two' })).provider, 'one');
  rules.replace([{ ...rule('staff', 'sms_provider=three', 'x', '*'), user: 'staff:#mobile' }]);
  assert.equal((await sender.send(MESSAGE)).provider, 'one');
  const known = { ...MESSAGE, resolver: 'staff', attributes: { mobile: '1' } };
  assert.equal((await sender.send(known)).provider, 'three');
});

test('one that cannot be reached, or not be opened, is followed by the next; one that says no only where a policy says so', async () => {
  const { sender, policy, audited } = await smsLab({
    a: down,
    b: fails('SMS_CONFIG'),
    c: fails('SMS_REFUSED'),
    d: took,
  });
  policy('sms_provider=a b d');
  assert.equal((await sender.send(MESSAGE)).provider, 'd');
  policy('sms_provider=c d');
  await assert.rejects(sender.send(MESSAGE), { code: 'SMS_REFUSED' });
  policy('sms_provider=c d, sms_failover_on_refusal');
  assert.equal((await sender.send(MESSAGE)).provider, 'd');
  policy('sms_provider=c d, sms_failover_on_refusal=false');
  await assert.rejects(sender.send(MESSAGE), { code: 'SMS_REFUSED' });
  assert.equal(audited().length, 2);
});

test('what became of messages is counted by provider', async () => {
  const { sender, policy } = await smsLab({ a: down, b: took, c: fails('SMS_REFUSED') }, { per_day: 3 });
  policy('sms_provider=a b');
  await sender.send(MESSAGE);
  await sender.send(MESSAGE);
  policy('sms_provider=c');
  await assert.rejects(sender.send(MESSAGE), { code: 'SMS_REFUSED' });
  await assert.rejects(sender.send(MESSAGE), { code: 'SMS_LIMIT' });
  const told = [...sender.outcomes()].map(({ labels, value }) => `${labels.provider} ${labels.outcome} ${value}`);
  // The second time the one that was down is passed over.
  assert.deepEqual(told, ['a unreachable 1', 'b sent 2', 'c refused 1']);
  assert.deepEqual([sender.limits.today, sender.limits.refused], [3, 1]);
});

test('a number that nobody can send to, and a fault of ours, are the end', async () => {
  for (const [index, gateway] of [fails('SMS_NUMBER'), () => Promise.reject(new Error('a fault'))].entries()) {
    const { sender, policy } = await smsLab({ bad: gateway, good: took });
    policy('sms_provider=bad good, sms_failover_on_refusal');
    await assert.rejects(sender.send(MESSAGE), { message: ['SMS_NUMBER it is', 'a fault'][index] });
  }
});

test('when none takes it, the error and the audit trail say why of each, and hold neither text nor number', async () => {
  const { sender, policy, audited } = await smsLab({ a: down, b: fails('SMS_REFUSED') });
  policy('sms_provider=a b');
  await assert.rejects(sender.send(MESSAGE), {
    code: 'SMS_REFUSED',
    message:
      'no provider took the message: a: SMS_UNREACHABLE it is [SMS_UNREACHABLE]; b: SMS_REFUSED it is [SMS_REFUSED]',
  });
  const [{ time: _, message, ...line }] = audited();
  assert.equal((await sender.messages.list({ limit: 1 }))[0]!.id, message);
  assert.deepEqual(line, {
    event: 'sms-failed',
    user: 'anna',
    realm: 'one',
    client: '192.0.2.1',
    number: '*********567',
    provider: 'a b',
    reason:
      'no provider took the message: a: SMS_UNREACHABLE it is [SMS_UNREACHABLE]; b: SMS_REFUSED it is [SMS_REFUSED] [SMS_REFUSED]; see gatehouse status, and try each: gatehouse sms test NUMBER --provider NAME',
  });
});

test('of a single provider, the audit trail says which it was and what it said, without its secrets', async () => {
  const { sender, audited } = await smsLab({
    gate: async ({ text }) => {
      throw new GatehouseError('SMS_REFUSED', `no credit for ${text}`);
    },
  });
  await assert.rejects(sender.send(MESSAGE), { code: 'SMS_REFUSED' });
  const [{ event, provider, reason }] = audited();
  assert.deepEqual([event, provider, reason], ['sms-failed', 'gate', 'no credit for … [SMS_REFUSED]']);
});

test('names that nobody set up are passed over and told of; a list of only such ones sends nothing', async () => {
  const { sender, policy } = await smsLab({ one: took, two: took });
  policy('sms_provider=nix two');
  assert.equal((await sender.send(MESSAGE)).provider, 'two');
  assert.deepEqual(
    sender.health().map(({ text }) => text),
    ['the policy sms names the SMS provider nix, which nobody set up'],
  );
  policy('sms_provider=nix');
  await assert.rejects(sender.send(MESSAGE), { code: 'SMS_PROVIDER_UNKNOWN', message: /policy sms names no/ });
});

test('a provider that failed is passed over, for longer each time, until it takes one', async () => {
  let tried = 0;
  let works = false;
  const flaky: FakeGateway = async (message) => {
    tried++;
    return works ? 'ID 1' : down(message);
  };
  const { sender, policy, pass } = await smsLab({ flaky, other: took });
  policy('sms_provider=flaky other');
  for (const seconds of [30, 60, 90, 150]) {
    tried = 0;
    assert.equal((await sender.send(MESSAGE)).provider, 'other');
    assert.match(sender.health()[0]!.text, new RegExp(`flaky cannot be reached, and is passed over for ${seconds} s`));
    await pass(seconds * 1000 - 1);
    await sender.send(MESSAGE);
    assert.equal(tried, 1, `not before ${seconds} s are over`);
    await pass(1);
  }
  works = true;
  assert.equal((await sender.send(MESSAGE)).provider, 'flaky');
  assert.deepEqual(sender.health(), []);
});

test('when all are passed over the one that failed the longest ago is tried all the same, then the other', async () => {
  const tried: string[] = [];
  const failing =
    (name: string): FakeGateway =>
    async (message) => {
      tried.push(name);
      return down(message);
    };
  const { sender, policy, pass } = await smsLab({ a: failing('a'), b: failing('b') });
  policy('sms_provider=a b');
  for (let i = 0; i < 4; i++) {
    await assert.rejects(sender.send(MESSAGE), { code: 'SMS_UNREACHABLE' });
    await pass(1);
  }
  assert.deepEqual(tried, ['a', 'b', 'a', 'b', 'a']);
});

test('a provider that is set up anew is tried at once', async () => {
  let works = false;
  const { sender } = await smsLab({ one: (message) => (works ? took(message) : down(message)), two: took });
  await assert.rejects(sender.send(MESSAGE));
  works = true;
  await sender.providers.set({ ...sender.providers.definition('one'), timeout: 9 }, []);
  assert.deepEqual(sender.health(), []);
  assert.equal((await sender.send(MESSAGE)).timeout, 9);
});

test('one that hangs leaves the next its share of the time, and its own messages are all that it holds up', async () => {
  const hanging: PromiseWithResolvers<string>[] = [];
  const hangs: FakeGateway = () => {
    hanging.push(Promise.withResolvers());
    return hanging.at(-1)!.promise;
  };
  const bounds = { at_once: 2, waiting: 1, deadline_seconds: 30 };
  const { sender, policy, pass, settle, rules } = await smsLab({ hangs, other: took }, bounds);
  policy('sms_provider=hangs other');
  const [first, second, third, fourth] = Array.from({ length: 4 }, () => sender.send(MESSAGE));
  await settle();
  assert.equal(hanging.length, 2);
  // The third waits for its turn; the fourth finds the queue full and goes on at once.
  assert.equal((await fourth!).provider, 'other');
  assert.deepEqual(sender.health(), [], 'who has much to do can be reached');
  rules.replace([]);
  await sender.providers.set({ ...sender.providers.definition('other'), isDefault: true }, []);
  assert.equal((await sender.send(MESSAGE)).provider, 'other');
  await pass(15_000);
  assert.deepEqual(
    (await Promise.all([first, second, third])).map((sent) => sent!.provider),
    ['other', 'other', 'other'],
  );
  // What hangs keeps its place until it ends: late, but it ends.
  for (const one of hanging) one.resolve('late');
  await settle();
  await assert.doesNotReject(sender.sendBy('other', MESSAGE));
});

test('a test goes by the named provider only, also while it is passed over', async () => {
  let tried = 0;
  const failing: FakeGateway = async (message) => {
    tried++;
    return down(message);
  };
  const { sender } = await smsLab({ one: failing, two: took });
  await assert.rejects(sender.sendBy('one', MESSAGE), { code: 'SMS_UNREACHABLE' });
  await assert.rejects(sender.sendBy('one', MESSAGE), { code: 'SMS_UNREACHABLE' });
  assert.equal(tried, 2);
  assert.equal((await sender.sendBy('two', MESSAGE)).provider, 'two');
  await assert.rejects(sender.sendBy('nix', MESSAGE), { code: 'SMS_PROVIDER_UNKNOWN' });
});

test('the list of messages shows what became of each, and no code or number that a gateway echoes', async () => {
  const { sender, policy } = await smsLab({
    a: down,
    b: async ({ number, text }) => `200 ${number} ${text} OK`,
    c: fails('SMS_REFUSED'),
  });
  policy('sms_provider=a b');
  await sender.send(MESSAGE);
  policy('sms_provider=c');
  await assert.rejects(sender.send(MESSAGE));
  const shown = (await sender.messages.list({ limit: 9 })).map(({ state, provider, answer }) => [
    state,
    provider,
    answer,
  ]);
  assert.deepEqual(shown, [
    ['refused', 'c', 'SMS_REFUSED it is [SMS_REFUSED]'],
    ['sent', 'b', '200 *********567 … OK'],
  ]);
});

test('over a limit nothing is sent, and the trail says so; a test by an administrator is not limited', async () => {
  const { sender, audited } = await smsLab({ one: took }, { per_user: 1 });
  await sender.send(MESSAGE);
  await assert.rejects(sender.send(MESSAGE), { code: 'SMS_LIMIT' });
  assert.match(audited()[0].reason, /1 messages for one user in a day/);
  assert.equal((await sender.messages.list({ limit: 1 }))[0]!.state, 'refused');
  await sender.sendBy(undefined, MESSAGE);
  sender.configure({ ...smsOptions.parse({}), per_user: 2 });
  await sender.send(MESSAGE);
});

test('where a policy asks for it, the number is checked and goes out in international form', async () => {
  const numbers: string[] = [];
  const { sender, policy } = await smsLab({
    one: async ({ number }) => {
      numbers.push(number);
      return '';
    },
  });
  policy('sms_number_check=DE');
  await sender.send({ ...MESSAGE, number: '0170 1234567' });
  await assert.rejects(sender.send({ ...MESSAGE, number: '12' }), { code: 'SMS_NUMBER' });
  assert.deepEqual(numbers, ['+491701234567']);
});

test('what a gateway reports later is in the list', async () => {
  const { sender, report, settle } = await smsLab({ one: took });
  await sender.send(MESSAGE);
  report('one', { id: 'ID 7', state: 'delivered', detail: '' });
  await settle();
  assert.equal((await sender.messages.list({ limit: 1 }))[0]!.state, 'delivered');
});
