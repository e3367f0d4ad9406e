import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenError } from './listen-error.ts';

const listen = { protocol: 'udp', address: '192.0.2.13', port: 1 } as const;

test('each refusal of the system has its code, place and cure', () => {
  const cases = [
    ['EACCES', 'PORT_FORBIDDEN', /CAP_NET_BIND_SERVICE/],
    ['EADDRNOTAVAIL', 'ADDRESS_MISSING', /ip address/],
    ['EAFNOSUPPORT', 'ADDRESS_MISSING', /ip address/],
    ['EINVAL', 'LISTEN_FAILED', /sip\.listen/],
    ['EADDRINUSE', 'PORT_TAKEN', /ss -lnp/],
  ] as const;
  for (const [system, code, hint] of cases) {
    const error = listenError(listen, Object.assign(new Error(system), { code: system }));
    assert.equal(error.code, code);
    assert.equal(error.where, 'udp:192.0.2.13:1');
    assert.match(error.hint ?? '', hint);
  }
});
