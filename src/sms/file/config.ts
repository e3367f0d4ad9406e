/** Configuration of FileSMSProvider, with LinOTP's keys. Errors: SMS_CONFIG. */
import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import * as z from 'zod';
import type { SmsConfig } from '../../core/sms/types.ts';
import { badConfig, readConfig } from '../config.ts';
import { NUMBER_OPTIONS } from '../number.ts';

const EXAMPLE = '{"file": "last-sms", "here": "/var/lib/gatehouse/sms"}';

const schema = z.strictObject({
  ...NUMBER_OPTIONS,
  file: z.string().regex(/^[^\0]*[^\0/]$/, 'write the name of a file'),
  here: z
    .string()
    .regex(/^\/[^\0]*$/, 'write the whole path of a folder, from / on')
    .optional(),
});

export interface FileConfig extends z.output<typeof schema> {
  /** Whole; its folder is there, and no part of it is a link. */
  readonly path: string;
}

export function readFileConfig(config: SmsConfig): FileConfig {
  const read = readConfig(schema, config, EXAMPLE);
  const { file, here } = read;
  if (here === undefined && !isAbsolute(file)) {
    throw badConfig('here', 'it is missing', `without it, file is a whole path; for example: ${EXAMPLE}`);
  }
  const path = resolve(here ?? '/', file);
  if (here !== undefined && !isWithin(here, path)) {
    throw badConfig('file', `${path} is not below ${here}`, 'write a name, without .. in it');
  }
  const folder = dirname(path);
  let real: string;
  try {
    real = realpathSync(folder);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw badConfig(here === undefined ? 'file' : 'here', `${folder}: ${code}`, 'make the folder first');
  }
  if (real === folder) return { ...read, path };
  throw badConfig('here', `a link leads from ${folder} to ${real}`, 'name the folder itself');
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}
