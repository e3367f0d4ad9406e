/** The cases of RFC 3263 sections 4.1 and 4.2: which servers a URI means, by what DNS says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Protocol } from '../transport/types.ts';
import { locate, type Names, type Wanted } from './locate.ts';
import type { Records, RecordType } from './records.ts';

type Zone = Readonly<Record<string, readonly unknown[]>>;

const srv = (name: string, port = 5060, priority = 1, weight = 1) => ({ name, port, priority, weight });
const naptr = (service: string, replacement: string, order: number, preference = 50, flags = 's') => ({
  ...{ service, replacement, order, preference, flags },
  regexp: '',
});
const ADDRESSES: Zone = {
  'A a.example': ['192.0.2.1'],
  'A s1.a.example': ['192.0.2.11'],
  'A s2.a.example': ['192.0.2.12'],
  'A s3.a.example': ['192.0.2.13'],
};
const OFFERS: Zone = {
  ...ADDRESSES,
  'NAPTR a.example': [
    naptr('SIP+D2U', '_sip._udp.u.example', 20),
    naptr('SIP+D2T', '_sip._tcp.t.example', 10, 60),
    naptr('SIPS+D2T', '_sips._tcp.s.example', 10, 50),
  ],
  'SRV _sip._udp.u.example': [srv('s1.a.example', 5071)],
  'SRV _sip._tcp.t.example': [srv('s2.a.example', 5072)],
  'SRV _sips._tcp.s.example': [srv('s3.a.example', 5073)],
};

interface Case {
  readonly name: string;
  readonly host?: string;
  readonly port?: number;
  readonly protocol?: Protocol;
  readonly secure?: true;
  readonly zone?: Zone;
  /** What we speak; UDP, TCP and TLS over IPv4 if nothing else is said. */
  readonly spoken?: readonly string[];
  readonly found: readonly string[];
  /** Questions, in order. */
  readonly asked?: readonly string[];
}

const cases: Case[] = [
  { name: 'an address: UDP', host: '192.0.2.9', found: ['udp 192.0.2.9 5060'], asked: [] },
  {
    name: 'an address with a port: UDP there',
    host: '192.0.2.9',
    port: 5070,
    found: ['udp 192.0.2.9 5070'],
    asked: [],
  },
  { name: 'an address, sips: TLS', host: '192.0.2.9', secure: true, found: ['tls 192.0.2.9 5061'], asked: [] },
  {
    name: 'an address and a protocol',
    host: '2001:db8::9',
    protocol: 'tcp',
    found: ['tcp 2001:db8::9 5060'],
    asked: [],
  },
  {
    name: 'a name with a port: UDP, and its address',
    port: 5070,
    zone: OFFERS,
    found: ['udp 192.0.2.1 5070'],
    asked: ['A a.example'],
  },
  { name: 'a name with a port, sips: TLS', port: 5070, secure: true, zone: OFFERS, found: ['tls 192.0.2.1 5070'] },
  { name: 'a name with port and protocol', port: 5070, protocol: 'tcp', zone: OFFERS, found: ['tcp 192.0.2.1 5070'] },
  {
    name: 'a name with a protocol: its SRV, no NAPTR',
    protocol: 'tcp',
    zone: { ...OFFERS, 'SRV _sip._tcp.a.example': [srv('s1.a.example', 5080)] },
    found: ['tcp 192.0.2.11 5080'],
    asked: ['SRV _sip._tcp.a.example', 'A s1.a.example'],
  },
  {
    name: 'a name with a protocol, no SRV: its address',
    protocol: 'tls',
    zone: ADDRESSES,
    found: ['tls 192.0.2.1 5061'],
  },
  {
    name: 'ws has its address alone',
    protocol: 'ws',
    zone: ADDRESSES,
    spoken: ['ws4'],
    found: ['ws 192.0.2.1 80'],
    asked: ['A a.example'],
  },
  {
    name: 'NAPTR says which protocol comes first, by order and preference',
    zone: OFFERS,
    found: ['tls 192.0.2.13 5073', 'tcp 192.0.2.12 5072', 'udp 192.0.2.11 5071'],
  },
  {
    name: 'what we do not speak is left out',
    zone: OFFERS,
    spoken: ['udp4', 'tcp4'],
    found: ['tcp 192.0.2.12 5072', 'udp 192.0.2.11 5071'],
  },
  { name: 'sips: only what is secure', secure: true, zone: OFFERS, found: ['tls 192.0.2.13 5073'] },
  {
    name: 'other services and flags are no offer',
    zone: {
      ...OFFERS,
      'NAPTR a.example': [
        naptr('SIP+D2S', 'x.example', 1),
        naptr('E2U+sip', '', 2),
        naptr('SIP+D2T', '_sip._tcp.t.example', 3, 1, 'a'),
      ],
      'SRV _sip._udp.a.example': [srv('s1.a.example')],
    },
    found: ['udp 192.0.2.11 5060'],
  },
  {
    name: 'service and flags in any case',
    zone: { ...OFFERS, 'NAPTR a.example': [naptr('sip+d2t', '_sip._tcp.t.example', 1, 1, 'S')] },
    found: ['tcp 192.0.2.12 5072'],
  },
  {
    name: 'NAPTR without the SRV that it names: the address, by the protocol offered',
    zone: { ...ADDRESSES, 'NAPTR a.example': [naptr('SIP+D2T', '_sip._tcp.none.example', 1)] },
    found: ['tcp 192.0.2.1 5060'],
  },
  {
    name: 'no NAPTR: SRV of each protocol, UDP first',
    zone: {
      ...ADDRESSES,
      'SRV _sip._udp.a.example': [srv('s1.a.example')],
      'SRV _sip._tcp.a.example': [srv('s2.a.example')],
    },
    found: ['udp 192.0.2.11 5060'],
    asked: ['NAPTR a.example', 'SRV _sip._udp.a.example', 'SRV _sip._tcp.a.example', 'A s1.a.example'],
  },
  {
    name: 'no NAPTR, SRV of TCP alone',
    zone: { ...ADDRESSES, 'SRV _sip._tcp.a.example': [srv('s2.a.example', 5090)] },
    found: ['tcp 192.0.2.12 5090'],
  },
  {
    name: 'no NAPTR, sips: SRV of TLS',
    secure: true,
    zone: {
      ...ADDRESSES,
      'SRV _sips._tcp.a.example': [srv('s3.a.example', 5061)],
      'SRV _sip._udp.a.example': [srv('s1.a.example')],
    },
    found: ['tls 192.0.2.13 5061'],
  },
  { name: 'neither NAPTR nor SRV: the address, UDP', zone: ADDRESSES, found: ['udp 192.0.2.1 5060'] },
  { name: 'neither, sips: TLS', secure: true, zone: ADDRESSES, found: ['tls 192.0.2.1 5061'] },
  { name: 'neither, and no UDP here: TCP', zone: ADDRESSES, spoken: ['tcp4'], found: ['tcp 192.0.2.1 5060'] },
  {
    name: 'a target of . means that the service is not offered',
    zone: { ...ADDRESSES, 'SRV _sip._udp.a.example': [srv('')], 'SRV _sip._tcp.a.example': [srv('s2.a.example')] },
    found: ['tcp 192.0.2.12 5060'],
  },
  {
    name: 'by no protocol: nowhere, whatever its address',
    zone: { ...ADDRESSES, 'SRV _sip._udp.a.example': [srv('')] },
    found: [],
  },
  {
    name: 'servers by priority; one without an address is passed over',
    zone: {
      ...ADDRESSES,
      'SRV _sip._udp.a.example': [
        srv('s2.a.example', 5060, 3),
        srv('gone.a.example', 5060, 2),
        srv('s1.a.example', 5060, 1),
      ],
    },
    found: ['udp 192.0.2.11 5060', 'udp 192.0.2.12 5060'],
  },
  {
    name: 'all addresses of a server, IPv4 first',
    spoken: ['udp4', 'udp6'],
    zone: { 'A a.example': ['192.0.2.1', '192.0.2.2'], 'AAAA a.example': ['2001:db8::1'] },
    found: ['udp 192.0.2.1 5060', 'udp 192.0.2.2 5060', 'udp 2001:db8::1 5060'],
  },
  {
    name: 'only addresses of the families that we have sockets for',
    spoken: ['udp6'],
    zone: { 'A a.example': ['192.0.2.1'], 'AAAA a.example': ['2001:db8::1'] },
    found: ['udp 2001:db8::1 5060'],
  },
  { name: 'a name that nobody knows', found: [] },
];

for (const { name, found, asked, ...rest } of cases) {
  test(name, () => {
    const names = fakeNames(rest.zone ?? {}, rest.spoken ?? ['udp4', 'tcp4', 'tls4']);
    const wanted: Wanted = { host: 'a.example', port: 0, protocol: undefined, secure: false, callId: 'c1', ...rest };
    const located = locate(wanted, names)!.map(({ protocol, address, port }) => `${protocol} ${address} ${port}`);
    assert.deepEqual(located, found);
    if (asked) assert.deepEqual([...new Set(names.asked)], asked);
  });
}

test('what is not known yet is asked at once as far as it can be, and the rest when that is known', () => {
  const zone: Zone = { ...ADDRESSES, 'SRV _sip._udp.a.example': [srv('s1.a.example'), srv('s2.a.example')] };
  const known = new Set<string>();
  const names = fakeNames(zone, ['udp4', 'tcp4'], known);
  const rounds: string[][] = [];
  let located: ReturnType<typeof locate>;
  for (let round = 0; round < 10 && located === undefined; round++) {
    located = locate({ host: 'a.example', port: 0, protocol: undefined, secure: false, callId: 'c1' }, names);
    const open = names.asked.splice(0).filter((question) => !known.has(question));
    if (open.length > 0) rounds.push(open.toSorted());
    for (const question of open) known.add(question);
  }
  assert.deepEqual(rounds, [
    ['NAPTR a.example'],
    ['SRV _sip._tcp.a.example', 'SRV _sip._udp.a.example'],
    ['A s1.a.example', 'A s2.a.example'],
  ]);
  assert.equal(located?.length, 2);
});

test('of a service with very many servers eight are looked at', () => {
  const many = Array.from({ length: 16 }, (_, i) => srv(`s${i}.example`, 5060, i));
  const zone: Record<string, readonly unknown[]> = { 'SRV _sip._udp.a.example': many };
  for (let i = 0; i < 16; i++) zone[`A s${i}.example`] = [`192.0.2.${i}`];
  const located = locate(
    { host: 'a.example', port: 0, protocol: 'udp', secure: false, callId: 'c1' },
    fakeNames(zone, ['udp4']),
  );
  assert.deepEqual(
    located?.map(({ address }) => address),
    many.slice(0, 8).map((_, i) => `192.0.2.${i}`),
  );
});

/** `known`: the questions that have answers; absent: all have. */
function fakeNames(zone: Zone, spoken: readonly string[], known?: ReadonlySet<string>): Names & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    find<T extends RecordType>(type: T, name: string): readonly Records[T][] | undefined {
      const question = `${type} ${name}`;
      asked.push(question);
      if (known && !known.has(question)) return undefined;
      return (zone[question] ?? []) as readonly Records[T][];
    },
    speaks: (protocol, family) => spoken.some((one) => one === `${protocol}${family ?? one.at(-1)}`),
  };
}
