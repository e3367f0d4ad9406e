/** `gatehouse token resync SERIAL OTP1 OTP2` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';

export async function run(context: Context, serial: string, otp1: string, otp2: string): Promise<ExitCode> {
  const found = await withAdministration(context, (administration) => administration.resyncToken(serial, otp1, otp2));
  answer(context, { serial, found }, () =>
    found ? `${serial} was found again` : `those are no two values in a row of ${serial}`,
  );
  return found ? EXIT.ok : EXIT.failed;
}
