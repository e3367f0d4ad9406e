/**
 * What a call of an account would do, and what is wrong with that, without touching the line: for `gatehouse dial --check`, and before each call.
 *
 * Errors: DIAL_ACCOUNT_UNKNOWN, DIAL_NO_MODEM; the others are listed as problems.
 */
import { GatehouseError } from '../../../platform/errors.ts';
import type { Problem } from '../../../platform/problems.ts';
import type { AccountBook } from '../account/book.ts';
import { type AccountSettings, LINE_ENDS, type ModemSettings, modemSettings } from '../account/settings.ts';
import { formatLine, parseScript, type ScriptLine } from '../script/lines.ts';
import { pppdArguments } from './pppd.ts';
import { readTariff, type Tariff } from './tariff.ts';

export interface CallPlan {
  readonly account: string;
  readonly settings: AccountSettings;
  readonly modem: ModemSettings;
  readonly script: readonly ScriptLine[];
  /** How a call back comes about; `by itself`: the modem answers, since the strings for it set S0. */
  readonly callBack: 'none' | 'answered' | 'by itself' | 'ppp';
  /** What the call costs. */
  readonly tariff: Tariff | undefined;
  /** For people, in the order of the call. */
  readonly steps: readonly (readonly [what: string, value: string])[];
  readonly problems: readonly Problem[];
}

export function planCall(
  book: AccountBook,
  name: string,
  options: { readonly modem?: string | undefined; readonly device?: string | undefined },
): CallPlan {
  const settings = book.account(name);
  const modem = modemOf(book, name, settings, options);
  const { lines: script, problems } = parseScript(settings.script, { file: `account ${name}, script` });
  const callBack = callBackOf(settings, modem, script);
  const fault = (message: string, cure: string) =>
    problems.push({
      severity: 'error',
      code: 'DIAL_NO_NUMBER',
      file: `account ${name}`,
      line: 0,
      column: 0,
      message,
      cure,
    });
  if (settings.numbers.length === 0)
    fault('there is no number to dial', `gatehouse dial account edit '${name}' numbers=NUMBER`);
  if (settings.callback === 'user' && settings.callback_number === '')
    fault('there is no number to be called at', `gatehouse dial account edit '${name}' callback_number=NUMBER`);
  return {
    account: name,
    settings,
    modem,
    script,
    callBack,
    tariff: settings.tariff === '' ? undefined : readTariff(settings.tariff),
    steps: steps(settings, modem, script, callBack),
    problems,
  };
}

function modemOf(
  book: AccountBook,
  name: string,
  settings: AccountSettings,
  options: { readonly modem?: string | undefined; readonly device?: string | undefined },
): ModemSettings {
  const names = book.names('modems');
  const chosen = options.modem ?? (settings.modem || (names.length === 1 ? names[0] : undefined));
  if (chosen === undefined && options.device === undefined)
    throw new GatehouseError('DIAL_NO_MODEM', `it is not said which modem ${name} dials with`, {
      hint:
        names.length === 0
          ? 'name a device with --device, or make a modem: gatehouse dial modem add NAME device=/dev/ttyS0'
          : `choose one with --modem: ${names.join(', ')}`,
    });
  const modem = chosen === undefined ? modemSettings.parse({}) : book.modem(chosen);
  return options.device === undefined ? modem : { ...modem, device: options.device };
}

const SETS_ANSWER = /S0*0=0*[1-9]/i;

function callBackOf(
  settings: AccountSettings,
  modem: ModemSettings,
  script: readonly ScriptLine[],
): CallPlan['callBack'] {
  if (settings.callback === 'administrator' || settings.callback === 'user') return 'ppp';
  if ([modem.dial, ...modem.init].some((text) => SETS_ANSWER.test(text))) return 'by itself';
  return settings.callback === 'wait' || script.some(({ command }) => command === 'Answer') ? 'answered' : 'none';
}

function steps(
  account: AccountSettings,
  modem: ModemSettings,
  script: readonly ScriptLine[],
  callBack: CallPlan['callBack'],
): [string, string][] {
  const end = account.line_end ?? modem.line_end;
  const list: [string, string][] = [
    ['line', `${modem.device}, ${modem.speed} bit/s, flow control ${modem.flow_control}`],
    ['lock', modem.lock ? `taken, waited for ${modem.lock_wait_seconds} s` : 'none'],
    ['init', modem.init.join(', ') || 'none'],
    ...account.numbers.map((number): [string, string] => ['dial', `${modem.dial}${account.dial_prefix}${number}`]),
    ['again when', `${account.redial_no_carrier ? 'busy or no answer' : 'busy'}, ${account.redials} times`],
    ['login', account.authentication],
    ...script.map((line, index): [string, string] => [`line ${index + 1}`, formatLine(line)]),
    [
      'line end',
      `${end} (${[...LINE_ENDS[end]].map((char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join(' ')})`,
    ],
    ['call back', CALL_BACK[callBack](account)],
    [
      'then',
      account.after_login === 'terminal'
        ? 'this terminal has the line'
        : [account.pppd_program, ...pppdArguments(account, modem)].join(' '),
    ],
    ['at the end', `hang up, ATS0=0&C1, S0 read back`],
  ];
  return list;
}

const CALL_BACK: Readonly<Record<CallPlan['callBack'], (account: AccountSettings) => string>> = {
  none: () => 'none: a lost line ends the call',
  answered: ({ callback_seconds, callback_from }) =>
    `the line may be lost; RING${callback_from.length ? ` from ${callback_from.join(', ')}` : ''} within ${callback_seconds} s is answered`,
  'by itself': ({ callback_seconds }) =>
    `the line may be lost; the modem answers by itself within ${callback_seconds} s`,
  ppp: ({ callback, callback_number }) =>
    callback === 'user' ? `asked for by PPP, at ${callback_number}` : 'asked for by PPP, at the number on file there',
};
