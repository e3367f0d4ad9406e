/** `gatehouse sms show NAME` */
import { GatehouseError } from '../../platform/errors.ts';
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, name: string): Promise<0> {
  const providers = await readingAdministration(context, (administration) => administration.listSmsProviders());
  const provider = providers.find((one) => one.name === name);
  if (!provider)
    throw new GatehouseError('SMS_PROVIDER_UNKNOWN', `there is no SMS provider ${name}`, {
      hint: 'see gatehouse sms list',
    });
  answer(context, { provider }, () => JSON.stringify(provider.config, null, 2));
  return EXIT.ok;
}
