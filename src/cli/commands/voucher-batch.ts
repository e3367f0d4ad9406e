/** `gatehouse voucher batch NAME --count NUMBER …` */
import { LARGEST_BATCH } from '../../core/vouchers/vouchers.ts';
import { endOfDay, rate, span, volume } from '../amounts.ts';
import { answer, type Context, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { termsWords } from '../voucher-terms.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  count: string;
  time?: string;
  download?: string;
  upload?: string;
  downloadRate?: string;
  uploadRate?: string;
  devices: string;
  expires?: string;
}

export async function run(context: Context, batch: string, options: Options): Promise<0> {
  const { time, download, upload, downloadRate, uploadRate, expires } = options;
  const count = wholeNumber('--count', options.count, 1, LARGEST_BATCH);
  const terms = {
    seconds: time === undefined ? 0 : span('--time', time),
    download: download === undefined ? 0 : volume('--download', download),
    upload: upload === undefined ? 0 : volume('--upload', upload),
    downloadKbit: downloadRate === undefined ? 0 : rate('--download-rate', downloadRate),
    uploadKbit: uploadRate === undefined ? 0 : rate('--upload-rate', uploadRate),
    devices: wholeNumber('--devices', options.devices, 1, 1_000),
    expires: expires === undefined ? 0 : endOfDay('--expires', expires),
  };
  await withAdministration(context, (administration) => administration.addVouchers({ batch, count, terms }));
  answer(context, { batch, count, terms }, () =>
    [
      `${count} ${count === 1 ? 'voucher' : 'vouchers'}, each: ${termsWords(terms).join(', ')}`,
      `print them: gatehouse voucher print ${batch} > ${batch}.html`,
    ].join('\n'),
  );
  return EXIT.ok;
}
