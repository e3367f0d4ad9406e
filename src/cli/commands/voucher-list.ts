/** `gatehouse voucher list [BATCH]`; nobody's code is shown. */
import { volumeWords } from '../amounts.ts';
import { answer, type Context, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';
import { dayWords, termsWords } from '../voucher-terms.ts';

export async function run(context: Context, batch: string | undefined): Promise<0> {
  return batch === undefined ? listBatches(context) : listOne(context, batch);
}

async function listBatches(context: Context): Promise<0> {
  const batches = await readingAdministration(context, (administration) => administration.listVoucherBatches());
  answer(context, { batches }, () => {
    if (batches.length === 0) return 'no vouchers; see gatehouse voucher batch --help';
    const rows = batches.map(({ name, size, made, terms }) => [
      name,
      String(size),
      dayWords(made),
      termsWords(terms).join(', '),
    ]);
    return table(context.io, ['BATCH', 'VOUCHERS', 'MADE', 'EACH'], rows);
  });
  return EXIT.ok;
}

async function listOne(context: Context, batch: string): Promise<0> {
  const vouchers = await readingAdministration(context, (administration) => administration.listVouchers(batch));
  answer(context, { batch, vouchers }, () => {
    const rows = vouchers.map(({ id, state, first, received, sent }) => [
      id,
      state,
      first === null ? '' : new Date(first).toISOString().slice(0, 16).replace('T', ' '),
      first === null ? '' : volumeWords(received),
      first === null ? '' : volumeWords(sent),
    ]);
    return table(context.io, ['VOUCHER', 'STATE', 'FIRST LOGIN', 'DOWN', 'UP'], rows);
  });
  return EXIT.ok;
}
