/**
 * An account from a script of chat(8): what chat says to the modem becomes number, init strings and dial string, the rest the login script.
 *
 * `HANGUP OFF`, and a RING that is answered by ATA, are a call back. Source: chat(8) for the syntax and the escapes. What cannot be
 * said with the commands of a login script is left out with a warning (DIAL_IMPORT_DOUBT) that names the line.
 */
import type { Problem } from '../../../platform/problems.ts';
import type { AccountInput, ModemInput } from './book.ts';
import type { Imported } from './imported.ts';

interface Word {
  readonly text: string;
  readonly line: number;
}

const WITH_ARGUMENT = new Set(['ABORT', 'CLR_ABORT', 'TIMEOUT', 'ECHO', 'HANGUP', 'SAY', 'REPORT', 'CLR_REPORT']);
/** What the modem driver listens for anyway. */
const RESULTS = /^(?:BUSY|ERROR|VOICE|RING|NO CARRIER|NO DIAL ?TONE|NO ANSWER)$/;

export function importChat(text: string, file: string, name: string): Imported {
  const problems: Problem[] = [];
  const account: AccountInput & { script: string[] } = { script: [] };
  const modem: ModemInput & { init: string[] } = { init: [] };
  const words = wordsOf(text);
  let connected = false;
  let answering = false;
  for (let at = 0; at < words.length; ) {
    const { text: word, line } = words[at]!;
    if (WITH_ARGUMENT.has(word)) {
      directive(word, words[at + 1]?.text ?? '', line);
      at += 2;
      continue;
    }
    const reply = words[at + 1];
    expect(word, line);
    if (reply !== undefined) send(reply.text, reply.line);
    at += 2;
  }
  if (modem.init.length > 2) {
    doubt(1, `only two of ${modem.init.length} init strings were kept`);
    modem.init.length = 2;
  }
  if (account.numbers === undefined)
    doubt(1, 'there is no number: it is dialled with `ATD` in a chat script, or given by -T');
  if (modem.dial === undefined && account.script.length === 0) return { accounts: {}, modems: {}, problems };
  const modemName = `${name} modem`;
  return { accounts: { [name]: { modem: modemName, ...account } }, modems: { [modemName]: modem }, problems };

  function directive(word: string, value: string, line: number): void {
    if (word === 'TIMEOUT' && /^\d+$/.test(value)) {
      if (connected) account.script.push(`Timeout ${value}`);
      else modem.timeout_seconds = Math.min(600, Math.max(1, Number(value)));
    } else if (word === 'HANGUP') account.callback = value === 'OFF' ? 'wait' : 'none';
    else if (word === 'ABORT' && !RESULTS.test(value))
      doubt(line, `ABORT \`${value}\` was left out: a login script waits until its time is over`);
    else if (word === 'SAY') doubt(line, 'SAY was left out');
  }

  function expect(raw: string, line: number): void {
    const [wanted = '', ...others] = raw.split('-');
    if (others.length > 0) doubt(line, `of \`${raw}\` only \`${wanted}\` was kept: a login script does not try again`);
    const text = plain(wanted, line).text;
    answering = text === 'RING';
    if (text === '' || !connected || /^(?:RING|CONNECT|NO CARRIER)$/.test(text)) {
      if (text === 'CONNECT') connected = true;
      return;
    }
    account.script.push(`Expect ${text}`);
  }

  function send(raw: string, line: number): void {
    const { text, silent, pauses, noReturn } = plain(raw, line);
    if (answering && /^ATA$/i.test(text)) {
      account.script.push('Answer');
      return;
    }
    const dialled = /^(AT.*?D[TP]?)([\d*#,W+()-].*|\\T|)$/is.exec(text);
    if (connected) {
      for (let n = 0; n < pauses; n++) account.script.push('Pause 1');
      if (noReturn && text !== '') doubt(line, `\`${raw}\` is sent with a line end`);
      if (text !== '' || !noReturn) if (text !== '') account.script.push(`${silent ? 'SendNoEcho' : 'Send'} ${text}`);
    } else if (dialled) {
      modem.dial = dialled[1]!;
      if (dialled[2] && dialled[2] !== '\\T') account.numbers = [dialled[2]];
    } else if (text !== '') modem.init.push(text);
  }

  /** Without escapes; those that a login script cannot say are warned of. */
  function plain(raw: string, line: number): { text: string; silent: boolean; pauses: number; noReturn: boolean } {
    let pauses = 0;
    let silent = false;
    let noReturn = false;
    const text = raw.replaceAll(/\\(.)/g, (all, char: string) => {
      if (char === 'd') pauses++;
      else if (char === 'c') noReturn = true;
      else if (char === 'q') silent = true;
      else if (char === 's') return ' ';
      else if (char === '\\' || char === '-') return char;
      else if (char === 'T') return all;
      else if (char !== 'r' && char !== 'p') doubt(line, `the escape ${all} was left out`);
      return '';
    });
    return { text, silent, pauses, noReturn };
  }

  function doubt(line: number, message: string): void {
    problems.push({ severity: 'warning', code: 'DIAL_IMPORT_DOUBT', file, line, column: 1, message });
  }
}

/** Words at blanks; quoted ones may hold blanks; a # at the start of a line is a comment. */
function wordsOf(text: string): Word[] {
  return text.split('\n').flatMap((content, index) => {
    if (content.trimStart().startsWith('#')) return [];
    const found = content.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g);
    return [...found].map(([, double, single, bare]) => ({ text: double ?? single ?? bare ?? '', line: index + 1 }));
  });
}
