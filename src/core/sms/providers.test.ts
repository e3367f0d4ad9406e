import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditLines } from '../audit/types.ts';
import { keyringOf } from '../secrets/keyring.ts';
import { SmsProviders } from './providers.ts';
import type { SealedDefinition, SmsConfig, SmsProvider } from './types.ts';

const AUDIT = [] as unknown as AuditLines;
const MESSAGE = { number: '+49170', text: 'code' };

/** Each is opened when the test says so. */
function lab() {
  const opening: { config: SmsConfig; open(): void; fail(): void }[] = [];
  const log: string[] = [];
  const providers = new SmsProviders({
    clock: systemClock,
    keyring: keyringOf(Buffer.alloc(32, 1)),
    store: { list: async () => [], set: async () => {}, remove: async () => {} },
    classes: [
      {
        name: 'Slow',
        about: '',
        open: (config) =>
          new Promise<SmsProvider>((resolve, reject) => {
            const { to } = config as { to: string };
            const provider: SmsProvider = {
              send: async () => to,
              close: async () => void log.push(`${to} closed`),
            };
            opening.push({
              config,
              open: () => resolve(provider),
              fail: () => reject(new GatehouseError('SMS_CONFIG', 'no such file')),
            });
          }),
      },
    ],
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const set = async (to: string) => {
    const done = providers.set({ name: 'one', class: 'Slow', config: { to }, timeout: null, isDefault: true }, AUDIT);
    await turn();
    opening.pop()!.open();
    await turn();
    return { done };
  };
  return { providers, opening, log, turn, set };
}

test('one that is changed while it is being opened is not sent by any more', async () => {
  const { providers, opening, log, turn, set } = lab();
  await (await set('old')).done;
  assert.deepEqual(log.splice(0), ['old closed'], 'it was opened to try its configuration');
  const first = providers.send('one', MESSAGE);
  const { done } = await set('new');
  opening.pop()!.open();
  assert.equal(await first, 'old');
  await done;
  assert.deepEqual(log, ['new closed', 'old closed']);
  const second = providers.send('one', MESSAGE);
  await turn();
  opening.pop()!.open();
  assert.equal(await second, 'new');
});

test('two that send at once open it once', async () => {
  const { providers, opening, log, turn, set } = lab();
  await (await set('it')).done;
  log.length = 0;
  const both = [providers.send('one', MESSAGE), providers.send('one', MESSAGE)];
  await turn();
  assert.equal(opening.length, 1);
  opening.pop()!.open();
  assert.deepEqual(await Promise.all(both), ['it', 'it']);
  await providers.close();
  assert.deepEqual(log, ['it closed']);
});

test('what could not be opened is tried again', async () => {
  const { providers, opening, turn, set } = lab();
  await (await set('it')).done;
  const first = providers.send('one', MESSAGE);
  await turn();
  opening.pop()!.fail();
  await assert.rejects(first, { code: 'SMS_CONFIG' });
  const second = providers.send('one', MESSAGE);
  await turn();
  opening.pop()!.open();
  assert.equal(await second, 'it');
});

test('certificates are known when a provider is set, after a start, and no more when it is gone', async () => {
  const kept = new Map<string, SealedDefinition>();
  const opened: string[] = [];
  const started = async () => {
    const providers = new SmsProviders({
      clock: systemClock,
      keyring: keyringOf(Buffer.alloc(32, 1)),
      store: {
        list: async () => [...kept.values()],
        set: async (definition) => void kept.set(definition.name, definition),
        remove: async (name) => void kept.delete(name),
      },
      classes: [
        {
          name: 'Tls',
          about: '',
          async open({ end, lost }) {
            opened.push(String(end));
            if (lost && kept.size === 2) throw new GatehouseError('SMS_CONFIG', 'no such file');
            const certificates = [{ what: 'client certificate', end: end as number }];
            return { send: async () => '', certificates, close: async () => {} };
          },
        },
      ],
    });
    await providers.load();
    return providers;
  };
  const told = (providers: SmsProviders) => providers.certificates.health(7).map(({ text }) => text.slice(20, 23));
  const one = { class: 'Tls', timeout: null, isDefault: false };
  const first = await started();
  await first.set({ ...one, name: 'bad', config: { end: 5, lost: true } }, AUDIT);
  await first.set({ ...one, name: 'old', config: { end: 6 } }, AUDIT);
  assert.deepEqual(told(first), ['bad', 'old']);

  const next = await started();
  assert.deepEqual(told(next), []);
  opened.length = 0;
  await next.readCertificates();
  assert.deepEqual(told(next), ['old'], 'one whose files are lost keeps no other from being read');
  assert.deepEqual(opened, ['5', '6']);
  await next.send('old', MESSAGE);
  await next.readCertificates();
  assert.deepEqual(opened, ['5', '6', '6', '5'], 'to be sent by, and the lost one once more');
  await next.set({ ...one, name: 'old', config: { end: 365 * 86_400_000 } }, AUDIT);
  assert.deepEqual(told(next), []);
  await next.set({ ...one, name: 'old', config: { end: 6 } }, AUDIT);
  await next.set({ ...one, name: 'new', config: { end: 6 } }, AUDIT);
  await next.remove('old', AUDIT);
  assert.deepEqual(told(next), ['new']);
});
