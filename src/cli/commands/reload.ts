/** `gatehouse reload`: the running server reads gatehouse.yaml and ser.cfg again. Faulty ones change nothing. */
import type { ReloadReport } from '../../core/admin/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { ProblemsError, renderProblem } from '../../platform/problems.ts';
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { paintSeverity, reportError } from '../report.ts';

export const NOTHING_CHANGED = 'nothing was changed: the server goes on with what it had';

export async function run(context: Context): Promise<ExitCode> {
  refuseScript(context);
  return readingAdministration(context, async (administration) => {
    try {
      const report = await administration.reload();
      answer(context, { ...report }, () => reloadText(report, context.io));
      return EXIT.ok;
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      const { io, options } = context;
      reportError(io, error, options.json === true);
      if (!options.json) io.err(NOTHING_CHANGED);
      return EXIT.configuration;
    }
  });
}

/** Whoever names another script would think that it is in force now. */
function refuseScript({ options: { serCfg } }: Context): void {
  if (serCfg === undefined) return;
  throw new GatehouseError(
    'COMMAND_LINE',
    'reload takes no --ser-cfg: the server reads the script that it was started with',
    {
      hint: `try it out with gatehouse check --ser-cfg ${serCfg}, and restart the server with it`,
    },
  );
}

export function reloadText({ files, changed, waiting, problems }: ReloadReport, io: Io): string {
  const lines = problems.map((problem) => renderProblem(problem, paintSeverity(io)));
  lines.push(`read again: ${files.join(', ')}, certificates`);
  lines.push(changed.length === 0 ? 'nothing new in them' : `in force now: ${changed.join(', ')}`);
  for (const { what, where } of waiting) lines.push(`at the next start: ${what}${where ? ` (${where})` : ''}`);
  return lines.join('\n');
}
