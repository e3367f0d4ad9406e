/** `gatehouse sms set NAME CLASS CONFIG` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { readJsonObject } from '../json-file.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  timeout?: string;
  default?: boolean;
}

export async function run(context: Context, name: string, kind: string, file: string, options: Options): Promise<0> {
  const config = await readJsonObject(context.io, file);
  const timeout = options.timeout === undefined ? null : wholeNumber('--timeout', options.timeout, 1, 86_400);
  const definition = { name, class: kind, config, timeout, isDefault: options.default === true };
  await withAdministration(context, (administration) => administration.setSmsProvider(definition));
  answer(context, { name }, () => `set ${name}; try it: gatehouse sms test NUMBER --provider ${name}`);
  return EXIT.ok;
}
