/** `gatehouse dial rules check FILE`: what is wrong with rules for costs, or what a call of three minutes that begins now would cost. */
import { ProblemsError, renderProblem } from '../../platform/problems.ts';
import type { Context } from '../context.ts';
import { answer, openBook } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../io.ts';
import { readText } from '../read-text.ts';

const SECONDS = 180;

export async function run(context: Context, file: string): Promise<ExitCode> {
  const dialling = await openBook(context);
  const text = await readText(context.io, file, 'utf8');
  try {
    const { name, currency, digits, costs } = dialling.tariff(text, file);
    const now = Date.now();
    const cost = costs(now, now + SECONDS * 1000).toFixed(digits);
    answer(context, { ok: true, name, currency, seconds: SECONDS, costs: Number(cost), problems: [] }, () =>
      printable(`${name}: a call of ${SECONDS / 60} minutes that begins now costs ${cost} ${currency}`),
    );
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    const { problems } = error;
    answer(context, { ok: false, problems }, () => problems.map((one) => renderProblem(one)).join('\n'));
    return EXIT.checkFailed;
  }
}
