/** `gatehouse voucher print BATCH`: a sheet to be printed and cut up, in one file that loads nothing. */
import type { VoucherTerms } from '../../core/vouchers/terms.ts';
import { answer, type Context, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { termsWords } from '../voucher-terms.ts';

interface Options {
  codes?: boolean;
  name: string;
}

export async function run(context: Context, batch: string, { codes: only, name }: Options): Promise<0> {
  const { terms, codes } = await withAdministration(context, (administration) =>
    administration.showVoucherCodes(batch),
  );
  answer(context, { batch, terms, codes }, () =>
    only ? codes.map(({ code }) => code).join('\n') : sheet(name, terms, codes),
  );
  return EXIT.ok;
}

const STYLE = `@page{size:A4;margin:10mm}
*{box-sizing:border-box}
body{margin:0;font:10pt/1.35 system-ui,"Segoe UI",Roboto,sans-serif;color:#111;background:#fff}
main{display:grid;grid-template-columns:repeat(3,1fr)}
article{break-inside:avoid;border:.25mm dashed #999;margin:-.125mm;padding:5mm 4mm;text-align:center}
h2{margin:0 0 2mm;font-size:11pt}
code{display:block;margin:0 0 2mm;font:700 15pt/1.2 ui-monospace,"DejaVu Sans Mono",monospace;letter-spacing:.06em;white-space:nowrap}
p{margin:0;color:#444;font-size:8.5pt}
small{color:#888;font-size:7pt}`;

function sheet(
  name: string,
  terms: VoucherTerms,
  codes: readonly { readonly id: string; readonly code: string }[],
): string {
  const title = html(name);
  const words = html(termsWords(terms).join(' · '));
  const vouchers = codes.map(
    ({ id, code }) =>
      `<article><h2>${title}</h2><code>${html(code)}</code><p>${words}</p><small>${html(id)}</small></article>`,
  );
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}: vouchers</title><style>${STYLE}</style></head>
<body><main>
${vouchers.join('\n')}
</main></body>
</html>`;
}

function html(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
