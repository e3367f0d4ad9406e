/** Configuration of DeviceSMSProvider: the keys of LinOTP's manual 1.9.3, and the few that LinOTP has besides. Errors: SMS_CONFIG. */
import { accessSync, constants } from 'node:fs';
import * as z from 'zod';
import type { SmsConfig } from '../../core/sms/types.ts';
import { badConfig, readConfig, timeoutOption } from '../config.ts';
import { NUMBER_OPTIONS } from '../number.ts';

const EXAMPLE = '{"CONFIGFILE": "/etc/gatehouse/gnokiirc"}';

/** What may stand as an argument of its own: no option looks like it. */
export const DIALLED = /^\+?[0-9]{1,20}$/;

const schema = z.strictObject({
  ...NUMBER_OPTIONS,
  CONFIGFILE: z.string().regex(/^\/[^\0]*$/, 'write the whole path, from / on'),
  SMSC: z
    .string()
    .regex(DIALLED, 'write the number of the message centre: digits, a + in front')
    .or(z.literal(''))
    .optional(),
  TIMEOUT: timeoutOption.optional(),
  timeout: timeoutOption.optional(),
});

export type DeviceConfig = z.output<typeof schema>;

export function readDeviceConfig(config: SmsConfig): DeviceConfig {
  const read = readConfig(schema, config, EXAMPLE);
  try {
    accessSync(read.CONFIGFILE, constants.R_OK);
  } catch (cause) {
    throw badConfig(
      'CONFIGFILE',
      `${read.CONFIGFILE} cannot be read: ${(cause as NodeJS.ErrnoException).code}`,
      'give a gnokiirc that this server may read',
    );
  }
  return read;
}
