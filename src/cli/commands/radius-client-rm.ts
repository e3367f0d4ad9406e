/** `gatehouse radius client rm NAME` */
import { answer, type Context, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, name: string): Promise<0> {
  await withAdministration(context, (administration) => administration.removeRadiusClient(name));
  answer(context, { name }, () => `removed ${name}`);
  return EXIT.ok;
}
