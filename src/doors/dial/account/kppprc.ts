/**
 * Accounts and modems from KPPP's own file, `kppprc`.
 *
 * Source: the keys and units are KPPP's; its files are KConfig's: groups in brackets, `key=value`, `\s \t \n \r \\` in values, lists with commas.
 * What cannot be taken over, and what will not do what was meant, is a warning (DIAL_IMPORT_DOUBT) with its line. Error: DIAL_IMPORT.
 */
import type { Problem } from '../../../platform/problems.ts';
import { splitWords } from './assignment.ts';
import type { AccountInput, ModemInput } from './book.ts';
import { type Doubt, type Imported, importedName, keepSettings } from './imported.ts';
import { type IniEntry, type IniGroup, listOf, parseIni } from './ini.ts';
import { accountSettings, modemSettings } from './settings.ts';

type Take = (value: string, doubt: Doubt) => Record<string, unknown>;

const as =
  (key: string): Take =>
  (value) => ({ [key]: value });
const flag =
  (key: string): Take =>
  (value) => ({ [key]: isOn(value) });
const number =
  (key: string, factor = 1, plus = 0): Take =>
  (value) => ({ [key]: (Number(value) + plus) * factor });
const address =
  (key: string): Take =>
  (value) => ({ [key]: value === '0.0.0.0' ? '' : value });
const choice =
  (key: string, names: Readonly<Record<string, string>>): Take =>
  (value, doubt) => {
    const name = names[value];
    if (name === undefined) doubt(`\`${value}\` is none of ${Object.keys(names).join(', ')}; the default is taken`);
    return name === undefined ? {} : { [key]: name };
  };
const nothing: Take = () => ({});
const command =
  (key: string): Take =>
  (value, doubt) => {
    if (value.trim() === '') return {};
    const words = /[|&;<>()$`\\*?[\]#~%!{}\n]/.test(value) ? undefined : splitWords(value);
    if (words !== undefined) return { [key]: words };
    doubt(`left out, since no shell runs commands here: \`${value}\``, 'put it into a script of its own and name that');
    return {};
  };

const MODEM_KEYS: Readonly<Record<string, Take>> = {
  Device: as('device'),
  UseLockFile: flag('lock'),
  FlowControl: choice('flow_control', {
    'Hardware [CRTSCTS]': 'hardware',
    CRTSCTS: 'hardware',
    'Software [XON/XOFF]': 'software',
    'XON/XOFF': 'software',
    None: 'none',
  }),
  Speed: (value, doubt) => {
    const known = modemSettings.shape.speed.safeParse(Number(value)).success;
    if (!known) doubt(`KPPP takes 38400 for the speed \`${value}\``);
    return { speed: known ? Number(value) : 38_400 };
  },
  Timeout: number('timeout_seconds'),
  ToneDuration: number('tone_duration'),
  BusyWait: number('busy_wait_seconds'),
  InitString: nothing,
  InitString1: nothing,
  InitResponse: as('init_response'),
  PreInitDelay: number('pre_init_delay_ms', 5),
  InitDelay: number('init_delay_ms', 10),
  NoDialToneDetection: as('no_dial_tone_detection'),
  WaitForDialTone: flag('wait_for_dial_tone'),
  DialString: as('dial'),
  ConnectResponse: as('connect_response'),
  BusyResponse: as('busy_response'),
  NoCarrierResponse: as('no_carrier_response'),
  NoDialToneResp: as('no_dial_tone_response'),
  DLPResponse: as('digital_line_response'),
  HangupString: as('hangup'),
  HangUpResponse: as('hangup_response'),
  RingResponse: as('ring_response'),
  AnswerString: as('answer'),
  AnswerResponse: as('answer_response'),
  Enter: choice('line_end', { CR: 'CR', LF: 'LF', 'CR/LF': 'CR/LF' }),
  EscapeString: as('escape'),
  EscapeResponse: as('escape_response'),
  EscapeGuardTime: number('escape_guard_ms', 20, 3),
  VolumeOff: as('volume_off'),
  VolumeMedium: as('volume_medium'),
  VolumeHigh: as('volume_high'),
  Volume: number('volume'),
  UseCDLine: nothing,
  Name: nothing,
};

const ACCOUNT_KEYS: Readonly<Record<string, Take>> = {
  Name: nothing,
  Phonenumber: (value) => ({ numbers: value.split(':').filter((one) => one !== '') }),
  DialPrefix: as('dial_prefix'),
  Authentication: choice('authentication', { 0: 'script', 1: 'pap', 2: 'terminal', 3: 'chap', 4: 'pap/chap' }),
  Username: as('user'),
  Password: as('password'),
  StorePassword: flag('store_password'),
  CallbackType: choice('callback', { 0: 'none', 1: 'administrator', 2: 'user' }),
  CallbackPhone: as('callback_number'),
  IPAddr: address('address'),
  SubnetMask: address('netmask'),
  Gateway: address('gateway'),
  DefaultRoute: flag('default_route'),
  AutoDNS: flag('auto_dns'),
  Domain: as('domain'),
  DNS: (value) => ({ dns: listOf(value).filter((one) => one !== '') }),
  BeforeConnect: command('before_connect'),
  Command: command('on_connect'),
  BeforeDisconnect: command('before_disconnect'),
  DisconnectCommand: command('after_disconnect'),
  pppdArguments: (value) => ({ pppd: listOf(value).filter((one) => one !== '') }),
  AccountingFile: nothing,
  AccountingEnabled: nothing,
  ScriptCommands: nothing,
  ScriptArguments: nothing,
  ExDNSDisabled: (value, doubt) => {
    if (isOn(value)) doubt('other name servers stay in use beside those of the call');
    return {};
  },
  AutoName: (value, doubt) => {
    if (isOn(value)) doubt('the name of this machine is left as it is');
    return {};
  },
  VolumeAccountingEnabled: nothing,
  TotalCosts: nothing,
  TotalBytes: nothing,
};

const isOn = (value: string): boolean => /^(?:1|true|on|yes)$/i.test(value);

export function importKppprc(text: string, file: string): Imported {
  const imported: Imported = { accounts: {}, modems: {}, problems: [] };
  const groups = parseIni(text, file, imported.problems);
  const general = groups.find(({ name }) => name === 'General');
  const redial = isOn(general?.entries.get('AutomaticRedial')?.value ?? '0');
  const noCarrier = isOn(general?.entries.get('RedialOnNoCarrier')?.value ?? '0');
  const pppdTimeout = general?.entries.get('pppdTimeout')?.value;
  for (const group of groups) {
    if (/^Modem\d*$/.test(group.name)) takeModem(group, file, imported);
  }
  const [only] = Object.keys(imported.modems);
  for (const group of groups) {
    if (!/^Account\d+$/.test(group.name) || !group.entries.get('Name')?.value) continue;
    takeAccount(group, file, imported, {
      ...(only === undefined ? {} : { modem: only }),
      ...(noCarrier ? { redial_no_carrier: true } : {}),
      ...(redial ? { redials: 20 } : {}),
      ...(pppdTimeout && /^\d+$/.test(pppdTimeout) ? { pppd_seconds: Number(pppdTimeout) } : {}),
    });
  }
  return imported;
}

function takeModem(group: IniGroup, file: string, imported: Imported): void {
  const doubtAt = doubter(file, imported.problems);
  const settings = taken(group, MODEM_KEYS, doubtAt);
  const init = ['InitString', 'InitString1']
    .map((key) => group.entries.get(key)?.value ?? '')
    .filter((one) => one !== '');
  if (group.entries.has('InitString')) settings.init = init;
  for (const [key, { value, line }] of group.entries) {
    const typo = /S[Oo](?=[=?])/.exec(value);
    if (typo && MODEM_KEYS[key])
      doubtAt(line)(
        `\`${value}\`: after S stands the letter O where the digit 0 is meant`,
        'for automatic answer: ATS0=1',
      );
  }
  const name = importedName(group.entries.get('Name')?.value || group.name.toLowerCase(), imported.modems);
  imported.modems[name] = keepSettings(modemSettings, settings, doubtAt(group.line)) as ModemInput;
}

function takeAccount(group: IniGroup, file: string, imported: Imported, first: AccountInput): void {
  const doubtAt = doubter(file, imported.problems);
  const settings = { ...first, ...taken(group, ACCOUNT_KEYS, doubtAt) };
  const script = scriptOf(group, doubtAt);
  if (script.length > 0) settings.script = script;
  const rules = group.entries.get('AccountingFile')?.value;
  if (rules && isOn(group.entries.get('AccountingEnabled')?.value ?? '0')) settings.tariff = rules;
  const name = importedName(group.entries.get('Name')!.value, imported.accounts);
  imported.accounts[name] = keepSettings(accountSettings, settings, doubtAt(group.line)) as AccountInput;
}

function taken(
  { entries }: IniGroup,
  keys: Readonly<Record<string, Take>>,
  doubtAt: (line: number) => Doubt,
): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [key, { value, line }] of entries) {
    const take = keys[key];
    if (take) Object.assign(settings, take(value, doubtAt(line)));
    else doubtAt(line)(`\`${key}\` has no meaning here and was left out`);
  }
  return settings;
}

/** Two lists beside each other: commands, and the text of each. */
function scriptOf({ entries }: IniGroup, doubtAt: (line: number) => Doubt): string[] {
  const named: IniEntry | undefined = entries.get('ScriptCommands');
  if (named === undefined || named.value === '') return [];
  const commands = listOf(named.value).filter((one) => one !== '');
  const texts = listOf(entries.get('ScriptArguments')?.value ?? '');
  if (texts.slice(commands.length).some((one) => one !== ''))
    doubtAt(named.line)(`${texts.length} arguments for ${commands.length} commands; those left over were left out`);
  return commands.map((word, index) =>
    `${word.replace(/^Pause \(sec\)|^Timeout \(sec\)/, (all) => all.slice(0, -6))} ${texts[index] ?? ''}`.trimEnd(),
  );
}

function doubter(file: string, problems: Problem[]): (line: number) => Doubt {
  return (line) => (message, cure) =>
    problems.push({
      ...{ severity: 'warning', code: 'DIAL_IMPORT_DOUBT', file, line, column: 1, message },
      ...(cure === undefined ? {} : { cure }),
    });
}
