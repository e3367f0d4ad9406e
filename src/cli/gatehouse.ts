/** The program `gatehouse`; bin/gatehouse starts it under the right Node. */
import { flushed, processIo } from './io.ts';
import { runGatehouse } from './run.ts';

export async function main(): Promise<void> {
  const code = await runGatehouse(process.argv.slice(2), processIo(), () => import('../main.ts'));
  await flushed();
  // Standard input may still be open: a terminal, a pipe that nobody closes.
  process.exit(code);
}
