import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenError } from './listen-error.ts';

const refused = { protocol: 'udp', address: '192.0.2.13', port: 1, option: '`sip.listen` of gatehouse.yaml' } as const;

test('each refusal of the system has its code, place and cure', () => {
  const cases = [
    ['EACCES', 'PORT_FORBIDDEN', /CAP_NET_BIND_SERVICE/],
    ['EADDRNOTAVAIL', 'ADDRESS_MISSING', /ip address/],
    ['EAFNOSUPPORT', 'ADDRESS_MISSING', /ip address/],
    ['EINVAL', 'LISTEN_FAILED', /check the address/],
    ['EADDRINUSE', 'PORT_TAKEN', /udp port 1 is taken by another process; see who: ss -lnp/],
  ] as const;
  for (const [system, code, said] of cases) {
    const error = listenError(refused, Object.assign(new Error(system), { code: system }));
    assert.equal(error.code, code);
    assert.equal(error.where, 'udp:192.0.2.13:1');
    assert.match(error.toText(), said);
    assert.match(error.toText(), /`sip\.listen` of gatehouse\.yaml/);
  }
});
