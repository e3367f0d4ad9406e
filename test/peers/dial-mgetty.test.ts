// peers: chat gcc mgetty python3 wvdial
/** The exchange and our modem driver among real programs, all at once on one exchange: none of them may notice that no modem is of metal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockLine } from '../../src/doors/dial/line/lock.ts';
import { openModem } from '../../src/doors/dial/modem/modem.ts';
import { DEFAULT_STRINGS } from '../../src/doors/dial/modem/strings.ts';
import { type DialLab, startDialLab } from './dial-lab.ts';

const SECOND = 200;
const [CHAT, CALLED, WVDIAL, LISTENING, OTHER] = [0, 1, 2, 3, 4];
const numberOf = (line: number) => String(1001 + line);

test('chat is called back by mgetty, wvdial sees its carrier, and a line that mgetty watches is dialled out on', async (t) => {
  const lab = await startDialLab(t, { lines: 5, secondMs: SECOND });
  await Promise.all([chatIsCalledBack(lab), wvdialThenDialOut(lab)]);
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

async function wvdialThenDialOut(lab: DialLab): Promise<void> {
  const mgetty = lab.mgetty(LISTENING, numberOf(WVDIAL), { modemLines: true });
  await mgetty.said('waiting...');
  const { said } = await lab.wvdial(WVDIAL, numberOf(LISTENING), { carrierCheck: true });
  assert.match(said, /Carrier detected/, `${said}\n${mgetty.log()}`);
  assert.match(mgetty.log(), /status: RTS CTS DSR DTR DCD/);

  // mgetty comes back after the hang-up and listens again.
  const watched = mgetty.log().length;
  await mgetty.said('waiting...', watched);
  const line = lab.exchange.lines[LISTENING]!;
  const lock = await lockLine(line.path, { waitMs: 30_000, lockDirectory: lab.lockDirectory });
  const modem = await openModem(line.path, { ...DEFAULT_STRINGS, initDelayMs: 1, escapeGuardMs: SECOND * 1.5 });
  await modem.init();
  const other = await openModem(lab.exchange.lines[OTHER]!.path, { ...DEFAULT_STRINGS, escapeGuardMs: SECOND * 1.5 });
  const dialled = modem.dial(numberOf(OTHER), { timeoutMs: 60_000 });
  await other.waitForRing({ timeoutMs: 60_000 });
  const [there, here] = await Promise.all([dialled, other.answer({ timeoutMs: 60_000 })]);
  assert.deepEqual([there.kind, here.kind], ['connected', 'connected'], mgetty.log());
  await mgetty.said('dialout in progress');
  await Promise.all([modem.close(), other.close()]);
  lock.release();
}
