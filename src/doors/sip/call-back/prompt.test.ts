import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode, type Law } from './g711.ts';
import { makePrompt, SAMPLES_PER_PACKET } from './prompt.ts';

/** G.711 the other way, as its tables have it. */
function decode(law: Law, code: number): number {
  if (law === 'pcmu') {
    const value = ~code & 0xff;
    const magnitude = ((((value & 0x0f) << 3) + 0x84) << ((value >> 4) & 7)) - 0x84;
    return (value & 0x80) !== 0 ? -magnitude : magnitude;
  }
  const value = code ^ 0x55;
  const segment = (value >> 4) & 7;
  const steps = (value & 0x0f) << 4;
  const magnitude = segment === 0 ? steps + 8 : (steps + 0x108) << (segment - 1);
  return (value & 0x80) === 0 ? -magnitude : magnitude;
}

for (const law of ['pcmu', 'pcma'] as const) {
  test(`${law}: each value comes back as one of its own step, and each code as itself`, () => {
    for (let code = 0; code < 256; code++) {
      // Of both zeros of the µ-law one is ever written.
      if (law === 'pcmu' && code === 0x7f) continue;
      assert.equal(encode(law, decode(law, code)), code);
    }
    for (let sample = -32_768; sample < 32_768; sample += 7) {
      const off = Math.abs(decode(law, encode(law, sample)) - sample);
      assert.ok(off <= Math.max(16, Math.abs(sample) / 16), `${sample} is off by ${off}`);
    }
  });

  test(`${law}: the prompt has tones and a pause, in whole packets`, () => {
    const prompt = makePrompt(law);
    assert.ok(prompt.length <= 100);
    assert.ok(prompt.every((packet) => packet.length === SAMPLES_PER_PACKET));
    const loudness = prompt.map((packet) => Math.max(...[...packet].map((code) => Math.abs(decode(law, code)))));
    assert.ok(loudness.slice(0, 30).every((peak) => peak > 6_000 && peak < 9_000));
    assert.ok(loudness.slice(30).every((peak) => peak <= 8));
  });
}
