/**
 * What the Via that we add says: `set_advertised_address` and `set_advertised_port` name another place than the socket's, in the
 * Record-Route for that side too; `force_local_rport` asks the next hop to answer to the port it sees (RFC 3581).
 */
import type { Run } from '../run.ts';
import type { CoreAction } from './core-action.ts';
import type { Argument } from './syntax.ts';

const HOST = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)$/;
const ROUTES = ['request', 'failure'] as const;

const advertise = (
  forms: CoreAction['forms'],
  check: (argument: Argument) => string | undefined,
  part: (argument: Argument) => Run['advertised'],
): CoreAction => ({
  forms,
  routes: ROUTES,
  check: ([argument]) => check(argument!),
  bind([argument]) {
    const said = part(argument!);
    return (run) => {
      run.advertised = { ...run.advertised, ...said };
      return 1;
    };
  },
});

const address = advertise(
  [['host']],
  ({ text }) => (HOST.test(text) ? undefined : 'an address or a host name is wanted'),
  ({ text }) => ({ host: text.replace(/^\[|\]$/g, '') }),
);

const port = advertise(
  [['number'], ['string']],
  ({ text }) => (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535 ? undefined : 'a port is 1 to 65535'),
  ({ text }) => ({ port: Number(text) }),
);

const localRport: CoreAction = {
  forms: [[]],
  routes: ROUTES,
  bind: () => (run) => {
    run.localRport = true;
    return 1;
  },
};

export const VIA_ACTIONS: readonly (readonly [string, CoreAction])[] = [
  ['set_advertised_address', address],
  ['set_advertised_port', port],
  ['force_local_rport', localRport],
];
