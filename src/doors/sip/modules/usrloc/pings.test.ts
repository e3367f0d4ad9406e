import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimerWheel } from '../../../../platform/timer-wheel.ts';
import { listenPoint } from '../../transport/point.ts';
import type { Target, Transport } from '../../transport/types.ts';
import { Binding, type BindingValues, NATTED } from './binding.ts';
import { type PingSettings, Pings, pingSettings } from './pings.ts';
import type { LocationTable } from './table.ts';

const START = 1_000_000_000_000;
const points = [listenPoint('udp', '192.0.2.1', 5060), listenPoint('udp', '192.0.2.1', 5080)];

function binding(aor: string, values: Partial<BindingValues> = {}): Binding {
  return new Binding(aor, {
    contact: `sip:${aor}@203.0.113.1:5062`,
    received: null,
    path: null,
    expires: 0,
    q: -1,
    callId: 'c',
    cseq: 1,
    userAgent: '',
    socket: null,
    methods: null,
    flags: 0,
    branchFlags: 0,
    modified: 0,
    user: aor,
    client: '',
    ...values,
  });
}

function lab(bindings: Binding[], parameters: Record<string, string | number>, natFlag = 0) {
  let now = START;
  const clock = { now: () => now, monotonic: () => now };
  const wheel = new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) });
  const contacts = new Map(bindings.map((one) => [one.aor, one]));
  const table = {
    get size() {
      return contacts.size;
    },
    aors: () => contacts.keys(),
    first: (aor: string) => contacts.get(aor),
    seconds: () => Math.floor(now / 1000),
  } as unknown as LocationTable;
  const sent: { text: string; target: Target; second: number }[] = [];
  const transport = {
    points,
    pointFor: (_protocol: string, _address: string, preferred = points[0]) => preferred,
    send: (text: string, target: Target) => void sent.push({ text, target, second: Math.floor((now - START) / 1000) }),
  } as unknown as Transport;
  const settings: PingSettings = pingSettings({ sipping_method: 'OPTIONS', ...parameters }, natFlag);
  const pings = new Pings();
  pings.serve(settings, [table], { wheel, transport });
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds * 100; i++) {
      now += 10;
      wheel.advance();
    }
  };
  return { sent, pass, pings, settings, table, contacts, services: { wheel, transport } };
}

test('each contact once in the interval, spread over it', () => {
  const { sent, pass } = lab(
    Array.from({ length: 20 }, (_, i) => binding(`u${i}`)),
    { natping_interval: 10 },
  );
  pass(10);
  assert.ok(sent.length >= 19 && sent.length <= 20, String(sent.length));
  for (let second = 1; second < 10; second++)
    assert.ok(sent.filter((one) => one.second === second).length <= 3, `second ${second}`);
  pass(10);
  const times = sent.filter(({ target }) => target.port === 5062).length;
  assert.ok(times >= 38 && times <= 40, String(times));
  assert.equal(sent[0]!.text, '\0\0\0\0');
});

test('where it was seen, by the socket it came over; nothing to what UDP does not reach', () => {
  const { sent, pass } = lab(
    [
      binding('a', { received: 'sip:198.51.100.9:40000', socket: 'udp:192.0.2.1:5080' }),
      binding('tcp', { contact: 'sip:a@203.0.113.2;transport=tcp' }),
      binding('name', { contact: 'sip:a@phone.example.com' }),
      binding('path', { path: '<sip:p.example.com;lr>' }),
      binding('gone', { expires: START / 1000 }),
    ],
    { natping_interval: 1 },
  );
  pass(2);
  assert.ok(sent.length > 0);
  for (const { target } of sent)
    assert.deepEqual([target.address, target.port, target.point?.port], ['198.51.100.9', 40000, 5080]);
});

test('ping_nated_only asks the flags of SER and OpenSER; sipping_bflag sends a request', () => {
  const { sent, pass } = lab(
    [binding('plain'), binding('ser', { flags: NATTED }), binding('open', { branchFlags: 0b1100 })],
    { natping_interval: 1, ping_nated_only: 1, sipping_bflag: 3, sipping_from: 'sip:us@example.com' },
    0b100,
  );
  pass(2);
  const texts = [...new Set(sent.map(({ text }) => text.split(' SIP/2.0')[0]))].sort();
  assert.deepEqual(texts, ['\0\0\0\0', 'OPTIONS sip:open@203.0.113.1:5062']);
  const request = sent.find(({ text }) => text.startsWith('OPTIONS'))!.text;
  assert.match(request, /\r\nFrom: <sip:us@example\.com>;tag=.+\r\nTo: <sip:open@203\.0\.113\.1:5062>\r\n/);
  assert.match(request, /\r\n\r\n$/);
});

test('another edition of the script takes its place, or ends it', () => {
  const { sent, pass, pings, settings, table, services } = lab([binding('a')], { natping_interval: 1 });
  pass(2);
  const before = sent.length;
  assert.ok(before > 0);
  pings.serve({ ...settings, intervalMs: 0 }, [table], services);
  pass(5);
  assert.equal(sent.length, before);
});
