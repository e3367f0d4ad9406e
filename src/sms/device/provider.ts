/**
 * DeviceSMSProvider: a telephone or modem at this machine, through gnokii. Exit status 0 means that the message was sent.
 *
 * The text goes to its standard input as UTF-8, which gnokii turns into what the telephone network takes, in parts where it is long. One message is
 * sent at a time, since a serial line takes no two programs.
 */
import type { SmsConfig, SmsMessage, SmsProvider } from '../../core/sms/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { ProgramResult, Programs } from '../../platform/helper/types.ts';
import { gatewayNumber } from '../number.ts';
import { shownText } from '../shown-answer.ts';
import { type DeviceConfig, DIALLED, readDeviceConfig } from './config.ts';

/** A telephone at a serial line takes seconds for each part. */
const TIMEOUT_MS = 60_000;
const MOST_OUTPUT_BYTES = 16_384;
const ADVICE = { hint: 'try it as the user of this server: gnokii --config CONFIGFILE --identify' };
const PATH = '/usr/local/bin:/usr/bin:/bin';

export function openDeviceProvider(given: SmsConfig, programs: Programs, path = process.env.PATH ?? PATH): SmsProvider {
  const config = readDeviceConfig(given);
  let line: Promise<unknown> = Promise.resolve();
  return {
    send(message) {
      const sent = line.then(() => send(message));
      line = sent.catch(() => {});
      return sent;
    },
    close: async () => {},
  };

  async function send({ number, text }: SmsMessage): Promise<string> {
    const to = gatewayNumber(number, config);
    if (!DIALLED.test(to)) {
      throw new GatehouseError('SMS_NUMBER', `${JSON.stringify(to)} is no number that a telephone can dial`, {
        hint: 'digits, a + in front; "MSISDN": "True" cuts the rest from numbers',
      });
    }
    const result = await run(config, programs, path, to, text);
    const said = shownText(wordsOf(result), [text, ...text.split('\n').filter((part) => part.length > 3)]);
    if (result.exitCode === 0) return said;
    if (result.timedOut) throw new GatehouseError('SMS_UNREACHABLE', `gnokii did not end in time: ${said}`, ADVICE);
    const how = result.exitCode === null ? result.signal : `exit status ${result.exitCode}`;
    // Its status does not tell a telephone that is away from a number that is refused.
    throw new GatehouseError('SMS_REFUSED', `gnokii ended with ${how}: ${said}`, ADVICE);
  }
}

async function run(config: DeviceConfig, programs: Programs, path: string, to: string, text: string) {
  try {
    return await programs.run({
      file: 'gnokii',
      args: ['--config', config.CONFIGFILE, '--sendsms', to, ...(config.SMSC ? ['--smsc', config.SMSC] : [])],
      // It reads its input in the character set of the locale, up to a NUL.
      env: { PATH: path, LC_ALL: 'C.UTF-8' },
      stdin: Buffer.from(text.toWellFormed().replaceAll('\0', '')),
      timeoutMs: (config.TIMEOUT ?? config.timeout)?.total ?? TIMEOUT_MS,
      maxOutputBytes: MOST_OUTPUT_BYTES,
    });
  } catch (error) {
    const { message, hint } = error as GatehouseError;
    throw new GatehouseError('SMS_UNREACHABLE', message, hint === undefined ? {} : { hint, cause: error });
  }
}

/** Without the lines that say nothing, and without the message itself, which gnokii may print in hexadecimal. */
function wordsOf({ stdout, stderr }: ProgramResult): string {
  return `${stderr}\n${stdout}`
    .split('\n')
    .filter((line) => !/^GNOKII Version|^AT\+CMGS=|[0-9A-Fa-f]{16}/.test(line))
    .join('\n');
}
