/** `gatehouse session set SESSION --seconds NUMBER ...` */
import type { SessionTerms } from '../../core/doors/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { volume } from '../amounts.ts';
import { answer, type Context, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  seconds?: string;
  upload?: string;
  download?: string;
  uploadKbit?: string;
  downloadKbit?: string;
}

const YEAR = 31_536_000;
const BITS_OF_KBIT = 1000;
const MOST_KBIT = 100_000_000;

export async function run(context: Context, session: string, options: Options): Promise<0> {
  const { seconds, upload, download, uploadKbit, downloadKbit } = options;
  const terms: SessionTerms = {
    ...(seconds !== undefined && { seconds: wholeNumber('--seconds', seconds, 1, YEAR) }),
    ...(upload !== undefined && { upload: bytes('--upload', upload) }),
    ...(download !== undefined && { download: bytes('--download', download) }),
    ...(uploadKbit !== undefined && { uploadRate: bits('--upload-kbit', uploadKbit) }),
    ...(downloadKbit !== undefined && { downloadRate: bits('--download-kbit', downloadKbit) }),
  };
  if (Object.keys(terms).length === 0)
    throw new GatehouseError('ARGUMENTS_INVALID', 'no term is named that is to change', {
      hint: `write for example: gatehouse session set ${session} --seconds 3600`,
    });
  await withAdministration(context, (administration) => administration.changeSession(session, terms));
  answer(context, { session, terms }, () => `changed ${session}`);
  return EXIT.ok;
}

function bytes(name: string, text: string): number {
  return text === '0' ? 0 : volume(name, text);
}

function bits(name: string, text: string): number {
  return BITS_OF_KBIT * wholeNumber(name, text, 0, MOST_KBIT);
}
