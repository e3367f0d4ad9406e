/** A sender for tests: providers that do what the test says, a clock and timers that only the test moves on. */
import { silentLog } from '../../platform/log.ts';
import type { Change, Waiter } from '../journal/types.ts';
import { PolicyRules } from '../policy/rules.ts';
import { keyringOf } from '../secrets/keyring.ts';
import { type SmsOptions, smsOptions } from './config.ts';
import { CodeSender } from './sender.ts';
import type { SmsMessage, SmsReceipt } from './types.ts';

export type FakeGateway = (message: SmsMessage) => Promise<string>;

export const MESSAGE = {
  number: '+491701234567',
  text: 'code 123456',
  user: 'anna',
  realm: 'one',
  client: '192.0.2.1',
};

export async function smsLab(gateways: Readonly<Record<string, FakeGateway>>, options: Partial<SmsOptions> = {}) {
  let now = 1_700_000_000_000;
  const clock = { now: () => now, monotonic: () => now };
  const listeners = new Map<string, (receipt: SmsReceipt) => void>();
  const timers = new Map<() => void, number>();
  const written: Change[] = [];
  const rules = new PolicyRules();
  const sender = new CodeSender({
    clock,
    rules,
    log: silentLog,
    keyring: keyringOf(Buffer.alloc(32, 1)),
    journal: {
      append(unit: readonly Change[], waiter?: Waiter) {
        written.push(...unit);
        setImmediate(() => waiter?.settled(undefined));
      },
      drain: async () => {},
    },
    store: { list: async () => [], set: async () => {}, remove: async () => {} },
    classes: [
      {
        name: 'Fake',
        about: '',
        open: async ({ as }) => ({
          async send(message, taken) {
            const id = await gateways[as as string]!(message);
            taken?.(id);
            return id;
          },
          onReceipt: (listener) => void listeners.set(as as string, listener),
          close: async () => {},
        }),
      },
    ],
    options: { ...smsOptions.parse({}), ...options },
    rows: { read: async () => [] },
    setTimer: (ms, call) => {
      timers.set(call, now + ms);
      return () => void timers.delete(call);
    },
  });
  for (const [name, timeout] of Object.keys(gateways).map((one, i) => [one, i === 0 ? null : 60 * i] as const))
    await sender.providers.set({ name, class: 'Fake', config: { as: name }, timeout, isDefault: false }, []);
  /** Lets time pass, timers run and what hangs on them be done. */
  const pass = async (ms: number) => {
    now += ms;
    for (const [call, due] of [...timers]) {
      if (due > now || !timers.delete(call)) continue;
      call();
    }
    await settle();
  };
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const policy = (action: string) => {
    const all = { user: '*', realm: '*', client: '*', time: '', active: true };
    rules.replace([{ name: 'sms', scope: 'authentication', action, ...all }]);
  };
  const audited = () => written.flatMap((one) => (one.kind === 'audit' ? [JSON.parse(one.line)] : []));
  const report = (provider: string, receipt: SmsReceipt) => listeners.get(provider)!(receipt);
  return { sender, report, rules, policy, pass, settle, audited, written };
}
