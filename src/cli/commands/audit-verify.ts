/** `gatehouse audit verify` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context): Promise<ExitCode> {
  const report = await readingAdministration(context, (administration) => administration.verifyAudit());
  const whole = report.faults.length === 0;
  answer(context, { audit: report }, () => {
    const extent = `${report.lines} lines in ${report.segments} ${report.segments === 1 ? 'segment' : 'segments'}`;
    if (whole) return `the audit trail is whole: ${extent}`;
    const faults = report.faults.map(({ file, line, fault }) => `${file}:${line}: ${fault}`);
    return [`${extent}, ${context.io.paint('red', `${faults.length} faults`)}:`, ...faults].join('\n');
  });
  return whole ? EXIT.ok : EXIT.checkFailed;
}
