/** `gatehouse version` */
import { version } from '../../platform/version.ts';
import type { Context } from '../context.ts';
import { answer } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context): Promise<0> {
  const node = process.version;
  answer(context, { gatehouse: version, node }, () => `gatehouse ${version} (Node ${node})`);
  return EXIT.ok;
}
