import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialConfig } from '../doors/dial/config.ts';
import { runOnLine } from '../doors/dial/ppp/run-on-line.ts';
import type { DialSession } from '../doors/dial/sessions.ts';
import { createBinAuth } from '../doors/portal/binauth/binauth.ts';
import { DEFAULTS, type PortalSettings } from '../doors/portal/config/model.ts';
import { systemNeighbourList, systemNeighbours } from '../doors/portal/firewall/neighbours.ts';
import { systemNft } from '../doors/portal/firewall/nft.ts';
import { ruleset } from '../doors/portal/firewall/ruleset.ts';
import { judge } from '../platform/helper/permit.ts';
import type { ProgramRun, Programs } from '../platform/helper/types.ts';
import type { Log } from '../platform/log.ts';
import { permitsOf, refuseNewPrograms } from './permits.ts';
import type { Site } from './site.ts';

const LOG = { info() {}, warn() {}, error() {} } as unknown as Log;
const GATEWAY = { ipv4: '10.0.0.1', ipv6: '2001:db8::1' };
const SETTINGS: PortalSettings = {
  ...DEFAULTS,
  interface: 'br-lan',
  binauth_shell: ['/bin/sh'],
  binauth: '/etc/passwd',
};
const LINE = { name: 'modem1', device: '/dev/null' };
const COMMAND = { name: 'shell', kind: 'terminal', program: '/bin/sh', arguments: ['-c', 'exit 1', '%u', 'x%u'] };

function siteWith({ portal = SETTINGS, commands = [COMMAND], lines = [LINE] } = {}): Site {
  return { portal, config: { dial: dialConfig.parse({ lines, commands }) } } as unknown as Site;
}

/** Asked in place of the helper: what it would say of each request. */
function judged(): { readonly programs: Programs; readonly asked: string[] } {
  const asked: string[] = [];
  const list = { permits: permitsOf(siteWith()) };
  const run = async (one: ProgramRun) => {
    const judgement = judge(one, list);
    asked.push('refused' in judgement ? `${one.file}: ${judgement.refused}` : one.file);
    return { exitCode: 0, signal: null, stdout: Buffer.from('1 0 0'), stderr: Buffer.of(), timedOut: false };
  };
  return { programs: { run }, asked };
}

test('what the doors ask for is in the list', async () => {
  const { programs, asked } = judged();
  const nft = systemNft(programs);
  const place = { interface: 'br-lan', address: '10.0.0.2', mac: '02:00:5e:00:00:01', also: ['2001:db8::3'] };
  const bounds = { leftMs: 1, left: { sent: 1, received: 1 }, rate: { sent: 1, received: 1 } };
  const member = { ...place, ...bounds };
  await nft.apply(ruleset([{ settings: SETTINGS, gateway: GATEWAY }], [member]));
  await nft.list('chains');
  await nft.list('table inet gatehouse_portal');
  await systemNeighbours('br-lan', programs).macOf('2001:db8::2');
  await systemNeighbourList(programs)();
  const binauth = createBinAuth(['/bin/sh', '/etc/passwd'], programs, LOG);
  const client = { mac: member.mac, address: member.address, user: '', password: '; id', redir: '', userAgent: '' };
  await binauth.ask(client);
  binauth.tell({ event: 'shutdown_deauth', mac: member.mac, bytes: member.left, started: 1, ends: 0 });
  await binauth.settle(30_000);
  const command = siteWith().config.dial.commands[0]!;
  for (const name of ['1000', '-e', "o'neill\n"]) {
    const account = { name, login: name };
    const session = { ticket: { account, client: { address: '' } } } as unknown as DialSession;
    await runOnLine({ programs, log: LOG })(command, '/dev/null', session);
  }
  assert.deepEqual(asked, [
    ...['nft', 'nft', 'nft', 'ip', 'ip', '/bin/sh', '/bin/sh'],
    ...Array<string>(3).fill('/bin/sh'),
  ]);
});

test('a reload brings no other program, and no other way to run one', () => {
  const started = siteWith();
  for (const other of [
    siteWith(),
    siteWith({ portal: { ...SETTINGS, binauth: undefined, interface: 'br-other', fas_port: 80 } }),
    siteWith({ commands: [] }),
    // That waits for a start.
    siteWith({ lines: [LINE, { name: 'modem2', device: '/dev/zero' }] }),
  ])
    refuseNewPrograms(started, other);
  for (const other of [
    siteWith({ portal: { ...SETTINGS, binauth: '/bin/true' } }),
    siteWith({ portal: { ...SETTINGS, binauth_shell: [] } }),
    siteWith({ portal: { ...SETTINGS, preauth: '/bin/true' } }),
    siteWith({ commands: [COMMAND, { ...COMMAND, name: 'another', arguments: ['-i'] }] }),
  ])
    assert.throws(() => refuseNewPrograms(started, other), { code: 'PROGRAM_NEW' });
  const without = { ...started, portal: undefined };
  refuseNewPrograms(without, started);
  refuseNewPrograms(started, without);
});
