/** mi_fifo: where OpenSER 1.1 and later have their FIFO. The door opens it; see ../../fifo. */
import type { SipModule } from '../../script/types.ts';

const OWNER = 'Accepted and without effect: the FIFO belongs to the user of the server alone (0600).';

export const miFifo: SipModule = {
  name: 'mi_fifo',
  describe: 'Takes management commands over a named pipe.',
  needs: [],
  parameters: [
    {
      name: 'fifo_name',
      type: 'string',
      default: null,
      describe: 'Path of the FIFO; unset: none is opened.',
      check: (value) => (String(value).startsWith('/') ? undefined : `must be an absolute path, but is "${value}"`),
    },
    { name: 'fifo_mode', type: 'int', default: 0o600, describe: OWNER },
    { name: 'fifo_user', type: 'string', default: null, describe: OWNER },
    { name: 'fifo_group', type: 'string', default: null, describe: OWNER },
    {
      name: 'reply_dir',
      type: 'string',
      default: '/tmp/',
      describe: 'Directory of the reply fifos.',
      check: (value) => (String(value).startsWith('/') ? undefined : `must be an absolute path, but is "${value}"`),
    },
    { name: 'reply_indent', type: 'string', default: null, describe: 'Accepted and without effect.' },
  ],
  functions: [],
  build: () => ({ functions: {} }),
};
