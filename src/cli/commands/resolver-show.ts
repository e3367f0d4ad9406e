/** `gatehouse resolver show NAME` */
import { GatehouseError } from '../../platform/errors.ts';
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, name: string): Promise<0> {
  const resolvers = await readingAdministration(context, (administration) => administration.listResolvers());
  const resolver = resolvers.find((one) => one.name === name);
  if (!resolver) {
    throw new GatehouseError('RESOLVER_UNKNOWN', `there is no resolver ${name} that was set up`, {
      hint: 'see gatehouse resolver list',
    });
  }
  answer(context, { resolver }, () => JSON.stringify(resolver.config, null, 2));
  return EXIT.ok;
}
