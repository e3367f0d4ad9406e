import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';

test('plain numbers are read at each scrape, with and without labels', async () => {
  const metrics = createMetrics({ version: '1' });
  let messages = 3;
  const refused = [{ labels: { door: 'sip' }, value: 1 }];
  metrics.counter('gatehouse_messages_total', 'Messages.', () => messages);
  metrics.gauge('gatehouse_refused', 'Refusals.', () => refused);
  assert.match(await metrics.text(), /^gatehouse_messages_total 3$/m);
  messages = 8;
  refused.push({ labels: { door: 'portal' }, value: 7 });
  const text = await metrics.text();
  assert.match(text, /^# TYPE gatehouse_messages_total counter$/m);
  assert.match(text, /^gatehouse_messages_total 8$/m);
  assert.match(text, /^gatehouse_refused\{door="sip"\} 1\ngatehouse_refused\{door="portal"\} 7$/m);
  assert.throws(() => metrics.gauge('gatehouse_refused', '', () => 0), /two metrics/);
  assert.throws(() => metrics.gauge('other', '', () => 0), /not a metric/);
});
