/** The program `gatehouse`; bin/gatehouse starts it under the right Node. */
import { processIo } from './io.ts';
import { runGatehouse } from './run.ts';

export async function main(): Promise<void> {
  const code = await runGatehouse(process.argv.slice(2), processIo(), () => import('../main.ts'));
  // Standard input may still be open (a terminal, a pipe nobody closes); output to pipes and files is written already.
  process.exit(code);
}
