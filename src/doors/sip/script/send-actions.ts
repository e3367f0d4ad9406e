/**
 * `send(address, port)` and `send_tcp`: a copy of the request as it came goes there, without a Via or a transaction of ours, for whoever
 * listens in. An address is wanted, since nobody waits for a name here. -1: no socket of ours can reach it.
 */
import { isIP } from 'node:net';
import { bareHost } from '../message/uri.ts';
import type { CoreAction } from './core-action.ts';

const PORT = 5060;

const sending = (protocol: 'udp' | 'tcp'): CoreAction => ({
  forms: [['host'], ['host', 'host'], ['host', 'number']],
  check: ([address, port]) => {
    if (isIP(bareHost(address!.text)) === 0) return 'an address is wanted, such as 192.0.2.9';
    return port === undefined || (/^\d{1,5}$/.test(port.text) && Number(port.text) <= 65_535)
      ? undefined
      : 'a port is 1 to 65535';
  },
  bind([address, port], { host }) {
    const to = { protocol, address: bareHost(address!.text), port: Number(port?.text ?? PORT) };
    return (run) => (host.send(run.message.raw, to) ? 1 : -1);
  },
});

export const SEND_ACTIONS: readonly (readonly [string, CoreAction])[] = [
  ['send', sending('udp')],
  ['send_tcp', sending('tcp')],
];
