/** What a voucher is good for, in words. */
import type { VoucherTerms } from '../core/vouchers/terms.ts';
import { rateWords, spanWords, volumeWords } from './amounts.ts';

export function termsWords(terms: VoucherTerms): string[] {
  const { seconds, download, upload, downloadKbit, uploadKbit, devices, expires } = terms;
  return [
    ...(seconds > 0 ? [`${spanWords(seconds)} from the first login`] : []),
    ...(download > 0 ? [`${volumeWords(download)} down`] : []),
    ...(upload > 0 ? [`${volumeWords(upload)} up`] : []),
    ...(downloadKbit ? [`${rateWords(downloadKbit)} down`] : []),
    ...(uploadKbit ? [`${rateWords(uploadKbit)} up`] : []),
    `${devices} ${devices === 1 ? 'device' : 'devices'}`,
    ...(expires > 0 ? [`until ${dayWords(expires - 1)}`] : []),
  ];
}

/** As `--expires` takes it. */
export function dayWords(time: number): string {
  const date = new Date(time);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
