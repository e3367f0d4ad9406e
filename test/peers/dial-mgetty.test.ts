// peers: chat gcc mgetty python3 wvdial
/** The exchange, our dialer and our server among real programs, all at once on one exchange: none of them may notice that no modem is of metal. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderFor } from './children.ts';
import type { Cleanup } from './cleanup.ts';
import { type DialLab, startDialLab } from './dial-lab.ts';
import { makeSite, type Site } from './gatehouse.ts';

const SECOND = 200;
const [CHAT, CALLED, WVDIAL, LISTENING, WATCHED, OFFICE, HOME, HOUSE] = [0, 1, 2, 3, 4, 5, 6, 7];
const numberOf = (line: number) => String(1001 + line);

test('mgetty calls chat and our dialer back, this one on a line that another mgetty watches; our server calls wvdial back', async (t) => {
  const lab = await startDialLab(t, { lines: 8, secondMs: SECOND });
  const house = await makeHouse(t, lab.exchange.lines[HOUSE]!.path);
  await Promise.all([
    chatIsCalledBack(lab),
    wvdialSeesItsCarrier(lab),
    dialledFromWatchedLine(lab),
    wvdialIsCalledBack(lab, house),
  ]);
});

async function chatIsCalledBack(lab: DialLab): Promise<void> {
  const mgetty = lab.mgetty(CALLED, numberOf(CHAT));
  await mgetty.said('waiting...');
  const script = [
    ...['TIMEOUT 60', 'ABORT BUSY', 'ABORT "NO DIALTONE"', 'ABORT "NO ANSWER"', 'ABORT ERROR'],
    ...["'' ATZ", 'OK ATDT\\T', "CONNECT ''", 'ogin: cback-userxyz', '"NO CARRIER" \\c', 'RING ATA', "CONNECT ''"],
    ...['ogin: userxyz', 'assword: secret', "> 'id -un'", 'userxyz \\c'],
  ];
  const { exitCode, said } = await lab.chat(CHAT, script, numberOf(CALLED));
  assert.equal(exitCode, 0, `${said}\n${mgetty.log()}\n${mgetty.callbackLog()}`);
}

async function wvdialSeesItsCarrier(lab: DialLab): Promise<void> {
  const mgetty = lab.mgetty(LISTENING, numberOf(WVDIAL), { modemLines: true });
  await mgetty.said('waiting...');
  const { said } = await lab.wvdial(WVDIAL, numberOf(LISTENING));
  assert.match(said, /Carrier detected/, `${said}\n${mgetty.log()}`);
  assert.match(mgetty.log(), /status: RTS CTS DSR DTR DCD/);
}

/** The name is said twice, and nobody is there to ask for it: a question would be an error. */
async function dialledFromWatchedLine(lab: DialLab): Promise<void> {
  const office = lab.mgetty(OFFICE, numberOf(WATCHED), { callbackName: 'userxyz' });
  const watching = lab.mgetty(WATCHED, '1');
  await Promise.all([office.said('waiting...'), watching.said('waiting...')]);
  const account = {
    ...{
      numbers: [numberOf(OFFICE)],
      user: 'userxyz',
      password: 'secret',
      callback: 'wait',
      pppd_program: '/bin/true',
    },
    script: [
      'Expect ogin:',
      'ID',
      'Expect ogin:',
      'ID',
      'Expect assword:',
      'Password',
      'Expect >',
      'Send id -un',
      'Expect userxyz',
    ],
  };
  const modem = { pre_init_delay_ms: 1, init_delay_ms: 1, escape_guard_ms: SECOND * 1.5 };
  const { exitCode, said } = await lab.dial(WATCHED, modem, account);
  assert.equal(exitCode, 0, `${said}\n${office.log()}\n${office.callbackLog()}\n${watching.log()}`);
  assert.match(said, /waiting for the call back.*called back.*pppd has the line/s);
  // Given back: it looks at the lock every ten seconds, and listens anew.
  await watching.said('dialout in progress');
  await watching.said('waiting...', watching.log().indexOf('dialout in progress'));
}

/** Not while the others dial: a command that is waited for stops the exchange. */
async function makeHouse(t: Cleanup, device: string): Promise<Site> {
  const locks = folderFor(t, 'locks');
  const pppd = join(locks, 'pppd');
  // How a frame of pppd begins, for as long as the line is there.
  writeFileSync(pppd, "#!/bin/sh\nwhile printf '~\\377}#\\300!}!}!} }4~'; do sleep 0.2; done\n", { mode: 0o755 });
  const yaml = [
    'dial:',
    `  lock_directory: ${locks}`,
    '  lines:',
    `    - { name: house, device: ${device}, flow_control: none }`,
    '  call_back: { wait: 2, random: 0, retry: 2, attempts: 10 }',
    '  commands:',
    `    - { name: start_ppp, kind: ppp, program: ${pppd} }`,
  ];
  const site = await makeSite(t, { yaml: yaml.join('\n') });
  assert.equal(site.import(['userxyz,secret']).status, 0);
  assert.equal(site.run('user', 'number', 'add', 'userxyz', 'home', numberOf(HOME)).status, 0);
  return site;
}

/** By Gatehouse: one run asks for the call, the next one takes it, at the first ring. */
async function wvdialIsCalledBack(lab: DialLab, house: Site): Promise<void> {
  const server = await house.start();
  const first = await lab.wvdial(HOME, numberOf(HOUSE), {
    settings: ['Default Reply = home'],
    until: 'You will be called back',
  });
  const second = await lab.wvdial(HOME, '1', {
    settings: ['Dial Command = ATS0=', 'Default Reply = start_ppp'],
    until: 'PPP negotiation detected',
  });
  assert.match(second.said, /PPP negotiation detected/, `${first.said}\n${second.said}\n${server.output()}`);
  assert.equal(await server.stop(), 0);
}
