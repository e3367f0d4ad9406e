// peers: chat gcc mgetty python3 wvdial
/** The exchange and our dialer among real programs, all at once on one exchange: none of them may notice that no modem is of metal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DialLab, startDialLab } from './dial-lab.ts';

const SECOND = 200;
const [CHAT, CALLED, WVDIAL, LISTENING, WATCHED, OFFICE] = [0, 1, 2, 3, 4, 5];
const numberOf = (line: number) => String(1001 + line);

test('mgetty calls chat and our dialer back, on a line that another mgetty watches; wvdial sees its carrier', async (t) => {
  const lab = await startDialLab(t, { lines: 6, secondMs: SECOND });
  await Promise.all([chatIsCalledBack(lab), wvdialSeesItsCarrier(lab), dialledFromWatchedLine(lab)]);
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
  const { said } = await lab.wvdial(WVDIAL, numberOf(LISTENING), { carrierCheck: true });
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
