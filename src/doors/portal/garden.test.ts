import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { createDns } from '../../../test/peers/dns-answers.ts';
import { silentLog } from '../../platform/log.ts';
import { Garden } from './garden.ts';

test('names are looked up, a change begins anew, and one that nobody has keeps no other from its place', async (t) => {
  const answers = new Map([
    ['a.example', { addresses: ['192.0.2.1', '2001:db8::1'], ttl: 100 }],
    ['b.example', { addresses: ['192.0.2.2'], ttl: 1 }],
    ['c.example', { addresses: ['192.0.2.3'], ttl: 100_000 }],
  ]);
  const dns = createDns((name) => answers.get(name));
  t.after(() => dns.close());
  dns.bind(0, '127.0.0.1');
  await once(dns, 'listening');
  const done: string[] = [];
  let heard = Promise.withResolvers<void>();
  const settings = {
    garden_domains: ['a.example', 'none.example'],
    garden_resolver: `127.0.0.1:${dns.address().port}`,
  };
  const garden = new Garden({
    settings,
    firewall: {
      async clearGarden() {
        done.push('clear');
      },
      async plant(addresses, seconds) {
        done.push(`${addresses.join()} ${seconds}`);
        heard.resolve();
      },
    },
    log: silentLog,
  });
  t.after(() => garden.stop());
  await garden.begin();
  await heard.promise;
  assert.deepEqual(done, ['192.0.2.1,2001:db8::1 3700']);
  for (const [name, expected] of [
    ['b.example', '192.0.2.2 3630'],
    ['c.example', '192.0.2.3 7200'],
  ] as const) {
    settings.garden_domains = [name];
    done.length = 0;
    heard = Promise.withResolvers();
    await garden.begin();
    await heard.promise;
    assert.deepEqual(done, ['clear', expected]);
  }
});
