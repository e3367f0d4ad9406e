/** The program `linotp-enroll-smstoken`; bin/linotp-enroll-smstoken starts it under the right Node. */
import { runEnroll } from './enroll/run.ts';
import { flushed, processIo } from './io.ts';

export async function main(): Promise<void> {
  const code = await runEnroll(process.argv.slice(2), processIo());
  await flushed();
  process.exit(code);
}
