/** The program `serctl`, for those whose scripts and fingers know SER's; bin/serctl starts it under the right Node. */
import { flushed, processIo } from './io.ts';
import { runSerctl } from './serctl/run.ts';

export async function main(): Promise<void> {
  const code = await runSerctl(process.argv.slice(2), processIo(), () => import('../main.ts'));
  await flushed();
  process.exit(code);
}
