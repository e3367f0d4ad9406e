/** Logins as providers of many kinds ask for them: each host says its part, and speaks on once it has heard what it waits for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Credential } from './credential.ts';
import { fakeLeg } from './fake-leg.ts';
import { parseScript } from './lines.ts';
import { runScript } from './run.ts';

interface Style {
  readonly style: string;
  readonly script: readonly string[];
  /** By turns: what the host says, in pieces, and what it then has to hear. */
  readonly talk: readonly (readonly [says: readonly (string | Buffer)[], hears: string])[];
  readonly lineEnd?: string;
  readonly sevenBit?: boolean;
  readonly saved?: string;
}

/** 7 bits and a parity bit that makes their number even. */
const evenParity = (text: string): Buffer =>
  Buffer.from(
    [...text].map((char) => {
      const code = char.charCodeAt(0);
      const ones = code.toString(2).replaceAll('0', '').length;
      return ones % 2 === 0 ? code : code | 0x80;
    }),
  );

const STYLES: readonly Style[] = [
  {
    style: 'Unix: login, password, a shell that starts PPP',
    script: ['Expect ogin:', 'ID', 'Expect assword:', 'Password', 'Expect $', 'Send exec pppd'],
    talk: [
      [['\r\nUNIX(r) System V (office)\r\n\r\nlogin: '], 'userxyz\r'],
      [['userxyz\r\nPassword: '], 'geheim\r'],
      [['\r\nLast login: Mon\r\n$ '], 'exec pppd\r'],
    ],
  },
  {
    style: 'lines that end with CR alone',
    script: ['Expect ser ID:', 'ID', 'Expect ode:', 'Password', 'Expect READY'],
    talk: [
      [['\rWELCOME\rUser ID:'], 'userxyz\r'],
      [['\rCode:'], 'geheim\r'],
      [['\rREADY\r'], ''],
    ],
  },
  {
    style: 'capitals',
    script: ['Expect USERNAME:', 'ID', 'Expect PASSWORD:', 'Password', 'Expect PPP'],
    talk: [
      [['Enter your username below\r\nUSERNAME: '], 'userxyz\r'],
      [['PASSWORD: '], 'geheim\r'],
      [['ENTERING PPP MODE\r\n'], ''],
    ],
  },
  {
    style: 'a banner that has the word login in it before it is asked for',
    script: ['Expect unauthorised', 'Expect ogin:', 'ID', 'Expect assword:', 'Password'],
    talk: [
      [['To login: be a member.\r\n', 'No unauthorised use.\r\n', 'host login: '], 'userxyz\r'],
      [['Password:'], 'geheim\r'],
    ],
  },
  {
    style: 'a menu, and a menu behind it',
    script: [
      'Expect hoice:',
      'Send 3',
      'Expect hoice:',
      'Send P',
      'Expect Name',
      'ID',
      'Expect word',
      'SendNoEcho %PASSWORD%',
    ],
    talk: [
      [['1 Mail\r\n2 News\r\n3 Internet\r\nYour choice: '], '3\r'],
      [['3\r\nS SLIP\r\nP PPP\r\nYour choice: '], 'P\r'],
      [['P\r\nName? '], 'userxyz\r'],
      [['Keyword? '], 'geheim\r'],
    ],
  },
  {
    style: 'a terminal server that wakes at RETURN, with CR/LF',
    script: ['Send', 'Expect Username:', 'ID', 'Expect Password:', 'Password', 'Expect Local>', 'Send PPP DEFAULT'],
    lineEnd: '\r\n',
    talk: [
      [[], '\r\n'],
      [['\r\n#\r\nUsername: '], 'userxyz\r\n'],
      [['Password: '], 'geheim\r\n'],
      [['\r\nLocal> '], 'PPP DEFAULT\r\n'],
    ],
  },
  {
    style: 'a number for one time, to be typed back',
    script: ['Expect ogin:', 'ID', 'Scan number is', 'Save password', 'Expect assword:', 'Password'],
    talk: [
      [['login: '], 'userxyz\r'],
      [['Your num', 'ber is 4', '711\r\nPassword: '], '4711\r'],
    ],
    saved: '4711',
  },
  {
    style: 'a host that is full for a while, and asks again',
    script: [
      'LoopStart ogin:',
      'Send %USERNAME%',
      'Expect assword:',
      'SendNoEcho %PASSWORD%',
      'LoopEnd Welcome',
      'Send ppp',
    ],
    talk: [
      [['login: '], 'userxyz\r'],
      [['Password: '], 'geheim\r'],
      [['All ports are in use\r\nlogin: '], 'userxyz\r'],
      [['Password: '], 'geheim\r'],
      [['Welcome\r\n'], 'ppp\r'],
    ],
  },
  {
    style: 'even parity',
    script: ['Expect ogin:', 'ID', 'Expect assword:', 'Password', 'Expect >'],
    talk: [
      [[evenParity('\r\nlogin: ')], 'userxyz\r'],
      [[evenParity('userxyz\r\nPassword: ')], 'geheim\r'],
      [[evenParity('>')], ''],
    ],
  },
  {
    style: 'a noisy line before the first prompt',
    script: ['Expect ogin:', 'ID', 'Expect assword:', 'Password'],
    talk: [
      [[Buffer.from([0xff, 0x7e, 0x00, 0x11, 0xe3]), '~x\x00logi~\r\nlogin: '], 'userxyz\r'],
      [['\x00\x00Password: '], 'geheim\r'],
    ],
  },
  {
    style: 'a slow host, letter by letter',
    script: ['Expect ogin:', 'ID', 'Expect assword:', 'Password', 'Expect is up', 'Send'],
    talk: [
      [[...'\r\nlogin: '], 'userxyz\r'],
      [[...'userxyz\r\nPassword: '], 'geheim\r'],
      [[...'The link is up\r\n'], '\r'],
    ],
  },
  {
    style: 'letters beyond ASCII, and LF alone',
    script: ['Expect Schlüssel:', 'Password', 'Expect Grüß', 'Send ä'],
    lineEnd: '\n',
    sevenBit: false,
    talk: [
      [[Buffer.from('Schlüssel: ')], 'geheim\n'],
      [[Buffer.from('Grüß Gott\n')], Buffer.from('ä\n').toString('latin1')],
    ],
  },
];

for (const { style, script, talk, lineEnd = '\r', sevenBit = true, saved } of STYLES) {
  test(style, async () => {
    const { lines, problems } = parseScript(script, { file: style });
    assert.deepEqual(problems, []);
    const leg = fakeLeg();
    const saves: string[] = [];
    const end = runScript(leg, {
      ...{ lines, lineEnd, sevenBit, timeoutMs: 60_000, promptMs: 60_000 },
      user: new Credential('userxyz', 'ask on retry'),
      password: new Credential('geheim', 'ask on retry'),
      signal: new AbortController().signal,
      hangUp: async () => {},
      nextLeg: async () => undefined,
      ask: async () => undefined,
      save: (password) => saves.push(password),
      show: () => {},
    });
    leg.watch(end);
    for (const [says, hears] of talk) {
      for (const piece of says) {
        leg.say(piece);
        await new Promise(setImmediate);
      }
      await leg.until(hears);
    }
    await end;
    assert.equal(leg.heard, talk.map(([, hears]) => hears).join(''));
    assert.deepEqual(saves, saved === undefined ? [] : [saved]);
  });
}
