/**
 * `force_tcp_alias()`: requests to the sender's address and the port of its Via, or to the port given, go over the connection that this
 * one came over. -1: it came over none. Source: RFC 5923's idea, as SER and OpenSER had it: the sender's word for its port is believed.
 */
import type { CoreAction } from './core-action.ts';

const PORT = 5060;

export const FORCE_TCP_ALIAS: CoreAction = {
  forms: [[], ['number']],
  routes: ['request'],
  check: ([port]) =>
    port === undefined || (port.value > 0 && port.value <= 65_535) ? undefined : 'a port is 1 to 65535',
  bind: ([port], { host }) => {
    const given = port?.value;
    return ({ message, source }) => {
      const { connection } = source;
      return connection && host.alias(connection, given ?? (message.via?.port || PORT)) ? 1 : -1;
    };
  },
};
