/** tm: passes requests on with state, by the door's relay. */
import type { Run } from '../../run.ts';
import type { SipModule } from '../../script/types.ts';
import type { Transactions } from '../../transaction/types.ts';
import { relayTimers, TM_PARAMETERS } from './parameters.ts';

export const tm: SipModule = {
  name: 'tm',
  describe: 'Passes requests on to their next hops and their answers back.',
  needs: [],
  parameters: TM_PARAMETERS,
  functions: [
    {
      name: 't_relay',
      arity: [0],
      routes: ['request'],
      describe:
        'Sends the request to its Request-URI and branches. 1: under way, and the caller will get one final answer; -1: nothing ' +
        'could be sent, and sl_reply_error() says why.',
    },
    {
      name: 't_check_trans',
      arity: [0],
      routes: ['request'],
      describe:
        '1: the request belongs to a transaction under way, a CANCEL to the INVITE that it means; -1: it does not.',
    },
  ],
  build(parameters, services) {
    return {
      functions: {
        t_relay: () => (run) => services.relay.relay(run),
        t_check_trans: () => (run) => (belongs(run, services.transactions) ? 1 : -1),
      },
      async start() {
        services.relay.configure(relayTimers(parameters));
      },
    };
  },
};

/** Retransmissions and the ACKs of failed INVITEs are absorbed before the script, so what is left to find is a CANCEL's INVITE. */
function belongs({ message }: Run, transactions: Transactions): boolean {
  return message.method === 'CANCEL' && transactions.findCancelled(message) !== undefined;
}
