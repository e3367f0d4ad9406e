/**
 * FileSMSProvider: writes the last message to a file, as `number:text`. For tests and for the first steps of a new server, not for codes that count.
 *
 * Only this server's user may read the file, and neither a link nor a device is written to.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { SmsConfig, SmsProvider } from '../../core/sms/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { gatewayNumber } from '../number.ts';
import { readFileConfig } from './config.ts';

// Without O_NONBLOCK a pipe that nobody reads would be waited for.
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export function openFileProvider(given: SmsConfig): SmsProvider {
  const config = readFileConfig(given);
  return {
    async send({ number, text }) {
      const line = `${gatewayNumber(number, config)}:${text}`;
      try {
        await write(config.path, line);
      } catch (error) {
        throw new GatehouseError('SMS_UNREACHABLE', `${config.path}: ${(error as NodeJS.ErrnoException).code}`, {
          hint: 'may this server write there, and is it an ordinary file?',
        });
      }
      return `written to ${config.path}`;
    },
    close: async () => {},
  };
}

async function write(path: string, line: string): Promise<void> {
  const file = await open(path, FLAGS, 0o600);
  try {
    if (!(await file.stat()).isFile()) throw Object.assign(new Error('no file'), { code: 'EINVAL' });
    await file.chmod(0o600);
    await file.truncate();
    await file.writeFile(line);
  } finally {
    await file.close();
  }
}
