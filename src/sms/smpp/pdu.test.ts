import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { octets } from './lab.ts';
import { encodePdu, type Pdu, PduFault, PduReader } from './pdu.ts';

/** What comes out of a stream that arrives in these pieces. */
function read(pieces: readonly Buffer[]): Pdu[] {
  const reader = new PduReader();
  const found: Pdu[] = [];
  for (const piece of pieces) {
    reader.push(piece, (pdu) => {
      found.push(pdu);
      return true;
    });
  }
  return found;
}

test('the sample PDU of SMPP 3.4', () => {
  const stream = octets(
    '0000002f 00000002 00000000 00000001 534d50503354455354 00 7365637265743038 00 5355424d495431 00 00 01 01 00',
  );
  const body = octets('534d50503354455354 00 7365637265743038 00 5355424d495431 00 00 01 01 00');
  assert.deepEqual(read([stream]), [{ command: 2, status: 0, sequence: 1, body }]);
  assert.deepEqual(encodePdu(2, 1, body), stream);
});

test('however a stream is cut, the same PDUs come out', () => {
  const pdu = fc.record(
    {
      command: fc.integer({ min: 0, max: 0xffff_ffff }),
      status: fc.integer({ min: 0, max: 0xffff_ffff }),
      sequence: fc.integer({ min: 0, max: 0xffff_ffff }),
      body: fc.uint8Array({ maxLength: 300 }).map((body) => Buffer.from(body)),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(pdu, { maxLength: 8 }), fc.array(fc.nat(500), { maxLength: 20 }), (pdus, cuts) => {
      const stream = Buffer.concat(
        pdus.map(({ command, sequence, body, status }) => encodePdu(command, sequence, body, status)),
      );
      const pieces: Buffer[] = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        pieces.push(stream.subarray(at, at + cut));
        at += cut;
      }
      assert.deepEqual(read(pieces), pdus);
    }),
  );
});

test('a length that cannot be is a fault as soon as it is there', () => {
  for (const [start, words] of [
    ['80000000', /a PDU of 2147483648 octets/],
    ['ffffffff 00000005', /deliver_sm of 4294967295 octets/],
    ['00011171', /a PDU of 70001 octets/],
    ['0000000f', /a PDU of 15 octets/],
    ['00000000', /a PDU of 0 octets/],
    ['48545450 2f312e31 20343030', /it does not speak SMPP, but says "HTTP\/1\.1 400"/],
  ] as const) {
    assert.throws(() => read([octets(start)]), { constructor: PduFault, message: words });
  }
  assert.deepEqual(read([octets('00011170 00000005')]), []);
});

test('any octets are PDUs or a fault', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (pieces) => {
      try {
        for (const { body } of read(pieces.map((piece) => Buffer.from(piece)))) assert.ok(body.length <= 70_000);
      } catch (error) {
        assert.ok(error instanceof PduFault);
      }
    }),
  );
});
