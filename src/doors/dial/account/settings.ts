/**
 * What accounts and modems say: KPPP's settings with its defaults, and what Gatehouse adds.
 *
 * Times in the unit that the name says. Passwords are secrets: no message repeats them.
 */
import * as z from 'zod';
import { ASK_POLICIES } from '../script/credential.ts';

const text = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\x00-\x1f\x7f]*$/, `a text of at most ${most} characters without control characters`);
/** KPPP's bounds: commands for a modem 80 characters, a telephone number 60. */
const modemText = text(80);
const seconds = (most: number) => z.int().min(0).max(most);
const address = z.union([z.literal(''), z.ipv4()]);

export const LINE_ENDS = { CR: '\r', LF: '\n', 'CR/LF': '\r\n' } as const;
const lineEnd = z.enum(['CR', 'LF', 'CR/LF']);

/** Program and arguments, one by one; no shell reads them. */
const program = z.array(z.string().max(255)).max(32);

export const modemSettings = z.strictObject({
  device: text(255).min(1).default('/dev/modem').describe('The serial port.'),
  speed: z
    .literal([300, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600])
    .default(57_600)
    .describe('Bit/s between the machine and the modem.'),
  flow_control: z.enum(['hardware', 'software', 'none']).default('hardware').describe('RTS/CTS, XON/XOFF or nothing.'),
  line_end: lineEnd
    .default('CR')
    .describe('After a command, and after a line of a login script unless the account says another.'),
  timeout_seconds: seconds(600).min(1).default(60).describe('For an answer to a call, and for each line of a script.'),
  tone_duration: z
    .int()
    .min(1)
    .max(255)
    .default(70)
    .describe('Length of a dialled tone in ms; another one sends ATS11=n.'),
  busy_wait_seconds: seconds(300).default(0).describe('Before the next try when the other side was busy.'),
  init: z.array(modemText).max(2).default(['ATZ']).describe('Sent first, one after the other.'),
  init_response: modemText.default('OK').describe('What a modem says when it did what it was told.'),
  pre_init_delay_ms: z
    .int()
    .min(0)
    .max(10_000)
    .default(250)
    .describe('Before and after an empty line that wakes the modem; 0: none.'),
  init_delay_ms: z.int().min(0).max(10_000).default(500).describe('After an init string.'),
  wait_for_dial_tone: z.boolean().default(true).describe('false: no_dial_tone_detection is sent.'),
  no_dial_tone_detection: modemText.default('ATX3').describe('Has the modem dial without hearing a tone.'),
  dial: modemText.default('ATDT').describe('Stands before prefix and number.'),
  connect_response: modemText.default('CONNECT').describe('The call was taken.'),
  busy_response: modemText.default('BUSY').describe('The other side is in a call.'),
  no_carrier_response: modemText.default('NO CARRIER').describe('No modem answered, or the line was lost.'),
  no_dial_tone_response: modemText.default('NO DIALTONE').describe('The line is dead.'),
  digital_line_response: modemText.default('DIGITAL LINE DETECTED').describe('The modem is at the wrong socket.'),
  hangup: modemText.default('+++ATH').describe('Ends a call; the escape in it is sent between guard times.'),
  hangup_response: modemText.default('OK').describe('It has.'),
  ring_response: modemText.default('RING').describe('Somebody calls.'),
  answer: modemText.default('ATA').describe('Takes the call.'),
  answer_response: modemText.default('CONNECT').describe('It is taken.'),
  escape: modemText.default('+++').describe('From a call to commands.'),
  escape_response: modemText.default('OK').describe('The modem takes commands.'),
  escape_guard_ms: z.int().min(0).max(5000).default(1060).describe('Silence before and after the escape.'),
  volume_off: modemText.default('M0L0').describe('The loudspeaker at volume 0.'),
  volume_medium: modemText.default('M1L1').describe('At volume 1.'),
  volume_high: modemText.default('M1L3').describe('At volume 2.'),
  volume: z.int().min(0).max(2).default(1).describe('0 off, 1 medium, 2 high.'),
  lock: z.boolean().default(true).describe('Take the lock files that other programs on the line look for.'),
  lock_wait_seconds: seconds(600)
    .default(30)
    .describe('For a line that another program has; mgetty gives it back within 17 s.'),
});
export type ModemSettings = z.output<typeof modemSettings>;

const policy = z.enum(ASK_POLICIES).default('ask on retry');

export const accountSettings = z.strictObject({
  modem: text(50).default('').describe('Name of the modem; empty: the only one, or the one that --modem names.'),
  numbers: z.array(text(60).min(1)).max(20).default([]).describe('Tried one after the other when busy.'),
  dial_prefix: text(60).default('').describe('Put before each number, e.g. `0,`.'),
  authentication: z
    .enum(['script', 'pap', 'terminal', 'chap', 'pap/chap'])
    .default('script')
    .describe('How the other side gets to know who calls.'),
  user: text(255).default('').describe('Name at the other side.'),
  password: text(255).default('').describe('Password at the other side.').meta({ secret: true }),
  store_password: z.boolean().default(true).describe('Keep what Save learned.'),
  id_policy: policy.describe(
    'When ID asks although a name is stored: when the host asks again, always but once, or never.',
  ),
  password_policy: policy.describe('The same for Password.'),
  script: z.array(z.string().max(300)).max(200).default([]).describe('The login script, one command a line.'),
  line_end: lineEnd.optional().describe('After each line that the script sends; absent: the modem’s.'),
  seven_bit: z
    .boolean()
    .default(true)
    .describe('Take the eighth bit of what comes away before texts are compared, as KPPP does.'),
  prompt_seconds: seconds(3600).min(1).default(120).describe('For the person to answer a question.'),
  callback: z
    .enum(['none', 'wait', 'administrator', 'user'])
    .default('none')
    .describe(
      'wait: the other side hangs up during the script and calls back. administrator, user: PPP asks for a call back.',
    ),
  callback_number: text(60).default('').describe('Where PPP asks to be called, with `user`.'),
  callback_seconds: seconds(3600).min(1).default(180).describe('How long to wait for the call back.'),
  callback_from: z
    .array(text(60).min(1))
    .max(20)
    .default([])
    .describe('Answer only calls of these numbers; empty: any.'),
  redials: z.int().min(0).max(100).default(5).describe('Further tries when busy; each number counts.'),
  redial_no_carrier: z.boolean().default(false).describe('Try again when nobody answered, too.'),
  address: address.default('').describe('Own IP address; empty: the other side gives one.'),
  gateway: address.default('').describe('IP address of the other side; empty: it says so itself.'),
  netmask: address.default('').describe('Of the link; empty: the system’s.'),
  default_route: z.boolean().default(true).describe('Send everything over this link.'),
  auto_dns: z.boolean().default(true).describe('Ask the other side for name servers.'),
  dns: z.array(z.ipv4()).max(5).default([]).describe('Name servers for the time of the call.'),
  domain: text(255).default('').describe('Search domain for the time of the call.'),
  before_connect: program.default([]).describe('Run before dialling, and waited for.'),
  on_connect: program.default([]).describe('Run when the link is up.'),
  before_disconnect: program.default([]).describe('Run before the link goes down.'),
  after_disconnect: program.default([]).describe('Run when it is down.'),
  after_login: z.enum(['pppd', 'terminal']).default('pppd').describe('What has the line after the login.'),
  pppd: z.array(text(255).min(1)).max(20).default([]).describe('More arguments for pppd.'),
  pppd_program: text(255).min(1).default('pppd').describe('Another program in place of pppd.'),
  pppd_seconds: seconds(600).min(1).default(30).describe('For pppd to bring the link up.'),
  tariff: text(255).default('').describe('A .rst file with what a call costs.'),
});
export type AccountSettings = z.output<typeof accountSettings>;

export const NAME = /^[A-Za-z0-9_][A-Za-z0-9_. +@-]{0,49}$/;
/** Words that stand where a name stands on the command line. */
const TAKEN = new Set(['account', 'script', 'modem', 'rules', 'help']);

export const isName = (name: string): boolean => NAME.test(name) && !TAKEN.has(name);

const names = z.string().regex(NAME, 'a name of at most 50 letters, digits, blanks and . _ + @ -');

/** The file as a whole. */
export const dialFile = z.strictObject({
  modems: z.record(names, modemSettings).default({}).describe('Modems by name.'),
  accounts: z.record(names, accountSettings).default({}).describe('Accounts by name.'),
});
export type DialFile = z.output<typeof dialFile>;
