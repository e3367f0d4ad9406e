/** `gatehouse voucher revoke BATCH|VOUCHER` */
import { answer, type Context, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, name: string): Promise<0> {
  const { revoked, ended } = await withAdministration(context, (administration) => administration.revokeVouchers(name));
  answer(
    context,
    { revoked, ended },
    () => `${revoked} revoked, ${ended} ${ended === 1 ? 'session' : 'sessions'} ended`,
  );
  return EXIT.ok;
}
