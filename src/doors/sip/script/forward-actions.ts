/**
 * `forward(host, port)`: to a place whatever the Request-URI says. In SER it is stateless; here it is t_relay to that place, since a
 * response finds its way back by its transaction alone.
 */
import type { CoreAction } from './core-action.ts';
import type { Argument } from './syntax.ts';

const HOST = /^(\[[0-9a-fA-F:.]+\]|[0-9a-fA-F]*:[0-9a-fA-F:.]+|[A-Za-z0-9._-]+)$/;

const forwarding = (transport: string): CoreAction => ({
  forms: [['host'], ['host', 'host']],
  routes: ['request'],
  check: ([host, port]) => checkHost(host!) ?? (port ? checkPort(port) : undefined),
  bind([host, port], scope) {
    const uri = host!.text === 'uri:host' ? undefined : uriOf(host!.text, port?.text, transport);
    return (run) => {
      const before = run.destination;
      run.destination = uri;
      const result = scope.host.relay(run);
      if (!run.waiting) run.destination = before;
      return result;
    };
  },
});

export const FORWARD_ACTIONS: readonly (readonly [string, CoreAction])[] = [
  ['forward', forwarding('')],
  ['forward_udp', forwarding(';transport=udp')],
  ['forward_tcp', forwarding(';transport=tcp')],
  ['forward_tls', forwarding(';transport=tls')],
];

function uriOf(host: string, port: string | undefined, transport: string): string {
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `sip:${bracketed}${port === undefined || port === 'uri:port' ? '' : `:${port}`}${transport}`;
}

function checkHost({ text }: Argument): string | undefined {
  return text === 'uri:host' || HOST.test(text) ? undefined : 'a host, an address or uri:host is wanted';
}

function checkPort({ text }: Argument): string | undefined {
  const good = text === 'uri:port' || (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= 65_535);
  return good ? undefined : 'a port or uri:port is wanted';
}
