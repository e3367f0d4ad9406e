/** The name service against a name server of our own, over UDP and TCP. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startNameServer } from '../../../../test/name-server.ts';
import { HostsFile } from './hosts-file.ts';
import { createNameService } from './name-service.ts';
import type { Answer, NaptrRecord, RecordType } from './records.ts';

function hostsFile(t: TestContext, text: string): { hosts: HostsFile; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-hosts-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'hosts');
  writeFileSync(path, text);
  return { hosts: new HostsFile(path), path };
}

async function lab(t: TestContext, zone: string, hosts = '') {
  const server = await startNameServer(t, zone);
  const file = hostsFile(t, hosts);
  const service = createNameService([server.address], file.hosts);
  const ask = (type: RecordType, name: string) =>
    new Promise<Answer | undefined>((resolve) => service.lookUp(type, name, resolve));
  return { server, service, ask, path: file.path };
}

const ZONE = `
  a.example            77   A      192.0.2.1
  a.example            55   A      192.0.2.2
  a.example            60   AAAA   2001:db8::1
  alias.example        20   CNAME  a.example
  _sip._udp.a.example  60   SRV    10 20 5070 S1.A.Example
  _sip._tcp.a.example  60   SRV    0 0 0 .
  a.example            60   NAPTR  10 50 s SIP+D2T _sip._tcp.a.example
`;

test('records of all kinds, with the time to live of addresses, and names in lower case', async (t) => {
  const { ask } = await lab(t, ZONE);
  assert.deepEqual(await ask('A', 'a.example'), { records: ['192.0.2.1', '192.0.2.2'], ttlMs: 55_000 });
  assert.deepEqual(await ask('AAAA', 'a.example'), { records: ['2001:db8::1'], ttlMs: 60_000 });
  assert.deepEqual((await ask('A', 'alias.example'))?.records, ['192.0.2.1', '192.0.2.2']);
  assert.deepEqual(await ask('SRV', '_sip._udp.a.example'), {
    records: [{ priority: 10, weight: 20, port: 5070, name: 's1.a.example' }],
  });
  const [none] = (await ask('SRV', '_sip._tcp.a.example'))!.records;
  assert.equal((none as { name: string }).name, '', 'a target of . is no name');
  const [offer] = (await ask('NAPTR', 'a.example'))!.records as NaptrRecord[];
  assert.deepEqual([offer?.flags, offer?.replacement], ['s', '_sip._tcp.a.example']);
});

test('no such name and no such record are certain; a server that fails is not', async (t) => {
  const { ask, server } = await lab(t, ZONE);
  assert.deepEqual(await ask('A', 'nobody.example'), { records: [] });
  assert.deepEqual(await ask('SRV', '_sip._udp.nobody.example'), { records: [] });
  assert.deepEqual(await ask('NAPTR', 'alias.a.example'), { records: [] });
  assert.deepEqual(await ask('A', `${'x'.repeat(64)}.example`), { records: [] }, 'no label is so long');
  server.fails = true;
  assert.equal(await ask('A', 'other.example'), undefined);
});

test('a truncated answer is asked for again over TCP', async (t) => {
  const many = Array.from(
    { length: 60 },
    (_, i) => `_sip._udp.big.example 60 SRV 1 1 5060 server-number-${i}.big.example`,
  );
  const { ask, server } = await lab(t, many.join('\n'));
  assert.equal((await ask('SRV', '_sip._udp.big.example'))?.records.length, 60);
  assert.deepEqual(
    server.questions.map(({ over }) => over),
    ['udp', 'tcp'],
  );
});

test('a name of the hosts file has its addresses from there, and no other records; a change is seen', async (t) => {
  const { ask, server, path } = await lab(
    t,
    ZONE,
    '192.0.2.9 A.example b.example # c.example\n2001:db8::9 b.example\nx y\n',
  );
  assert.deepEqual(await ask('A', 'a.example'), { records: ['192.0.2.9'] });
  assert.deepEqual(await ask('AAAA', 'a.example'), { records: [] });
  assert.deepEqual(await ask('AAAA', 'b.example'), { records: ['2001:db8::9'] });
  assert.deepEqual(await ask('NAPTR', 'a.example'), { records: [] });
  assert.deepEqual(await ask('SRV', '_sip._udp.a.example'), { records: [] });
  assert.equal(server.questions.length, 0);
  writeFileSync(path, '192.0.2.10 b.example and-more\n');
  assert.deepEqual(await ask('A', 'b.example'), { records: ['192.0.2.10'] });
  assert.deepEqual((await ask('A', 'a.example'))?.records, ['192.0.2.1', '192.0.2.2']);
  rmSync(path);
  assert.deepEqual(await ask('A', 'b.example'), { records: [] });
  writeFileSync(path, '');
});

test('a name without a dot has no services, and nobody is asked for them', async (t) => {
  const { ask, server } = await lab(t, ZONE);
  assert.deepEqual(await ask('NAPTR', 'pbx'), { records: [] });
  assert.deepEqual(await ask('SRV', '_sip._udp.pbx'), { records: [] });
  assert.deepEqual(await ask('A', 'localhost'), { records: ['127.0.0.1'] });
  assert.equal(server.questions.length, 0);
});

test('what is asked for when it stops is answered by nobody', async (t) => {
  const { ask, server, service } = await lab(t, ZONE);
  server.silent = true;
  const asked = ask('A', 'a.example');
  service.stop();
  assert.equal(await asked, undefined);
});
