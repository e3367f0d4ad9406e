import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Telnet } from './telnet.ts';

function telnet() {
  const said: number[][] = [];
  return { said, end: new Telnet((bytes) => said.push([...bytes])) };
}

test('echo, no go-ahead and eight bits are agreed to, all else is refused, and what is known is not answered', () => {
  const { said, end } = telnet();
  const negotiation = [
    // WILL ECHO, WILL SUPPRESS-GO-AHEAD, DO TERMINAL-TYPE, DO BINARY, WILL STATUS.
    ...[255, 251, 1, 255, 251, 3, 255, 253, 24, 255, 253, 0, 255, 251, 5],
    // The same again, and WONT ECHO, WONT ECHO.
    ...[255, 251, 1, 255, 251, 3, 255, 253, 0, 255, 252, 1, 255, 252, 1],
  ];
  // In any pieces.
  for (const byte of negotiation) assert.equal(end.received(Buffer.of(byte)).length, 0);
  assert.deepEqual(said, [
    [255, 253, 1],
    [255, 253, 3],
    [255, 252, 24],
    [255, 251, 0],
    [255, 254, 5],
    [255, 254, 1],
  ]);
});

test('commands and parameters are no data; 255 and CR go and come as they were', () => {
  const { said, end } = telnet();
  const came = Buffer.from([65, 255, 255, 66, 255, 241, 255, 250, 24, 1, 255, 255, 255, 240, 67, 13, 0, 13, 10, 0, 68]);
  assert.deepEqual([...end.received(came)], [65, 255, 66, 67, 13, 13, 10, 0, 68]);
  assert.deepEqual([...end.sent(Buffer.from([13, 255, 13, 10, 13]))], [13, 0, 255, 255, 13, 10, 13, 0]);
  end.received(Buffer.from([255, 253, 0, 255, 251, 0]));
  assert.equal(said.length, 2);
  assert.deepEqual([...end.sent(Buffer.of(13))], [13]);
  assert.deepEqual([...end.received(Buffer.from([13, 0]))], [13, 0]);
});
