/**
 * The administration of a running server, else of the database itself.
 */
import type { Administration } from '../core/admin/types.ts';
import { connectControl, controlSocketOf } from '../core/control/client.ts';
import { requireDataDirectory } from '../core/control/data-directory.ts';
import type { StartOptions } from './site.ts';

export interface OpenedAdministration {
  administration: Administration;
  via: 'server' | 'database';
  defaultDomain: string;
  close(): Promise<void>;
}

/** The administration of the running server where one runs, else of the database itself. `reading`: makes no data directory. */
export async function openAdministration(
  options: StartOptions,
  { reading = false }: { reading?: boolean } = {},
): Promise<OpenedAdministration> {
  const { dataDir, environment } = options;
  const defaultDomain = environment.SIP_DOMAIN ?? '';
  const running = await connectControl(controlSocketOf(dataDir));
  if (running) return { administration: running, via: 'server', defaultDomain, close: async () => {} };
  if (reading) requireDataDirectory(dataDir);
  // What opens a database is most of the program, and a running server's command does without.
  const { administrationBeside } = await import('./beside.ts');
  return { ...(await administrationBeside(options)), defaultDomain };
}
