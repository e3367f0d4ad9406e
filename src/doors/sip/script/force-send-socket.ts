/**
 * `force_send_socket(proto:address:port)`: the request leaves by this socket of ours, wherever a branch can; protocol and port may be
 * left out. -1: none of our sockets is called that.
 */
import type { CoreAction } from './core-action.ts';
import type { SocketName } from './host.ts';

const SOCKET = /^(?:(udp|tcp|tls|wss?):)?([0-9.]+|[A-Za-z][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/i;

export const FORCE_SEND_SOCKET: CoreAction = {
  forms: [['host']],
  routes: ['request', 'failure'],
  check: ([name]) => (socketName(name!.text) ? undefined : 'a socket is wanted, such as udp:192.0.2.1:5060'),
  bind([name], { host }) {
    const socket = socketName(name!.text)!;
    return (run) => {
      const point = host.socket(socket);
      if (point === undefined) return -1;
      run.sendFrom = point;
      run.uriFrom = undefined;
      return 1;
    };
  },
};

function socketName(text: string): SocketName | undefined {
  const [, protocol, address, port] = SOCKET.exec(text) ?? [];
  if (address === undefined) return undefined;
  return { protocol: protocol?.toLowerCase(), host: address.toLowerCase(), port: Number(port ?? 0) };
}
