import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, controlAt, lookAt } from './bytes.ts';

test('controls are found wherever they stand, and nothing else is', () => {
  for (let code = 0; code < 256; code++) {
    for (let at = 0; at < 9; at++) {
      const text = `${'x'.repeat(at)}${String.fromCharCode(code)}yyyyyyyy`;
      lookAt(text);
      for (let from = 0; from <= at; from++)
        assert.equal(controlAt(from), code < 14 ? at : text.length, `${code} at ${at}`);
    }
  }
});

test('behind a text stands a 0, also where a longer one stood before', () => {
  lookAt('a longer text');
  lookAt('short');
  assert.deepEqual([bytes[4], bytes[5]], [116, 0]);
  lookAt('x'.repeat(2 << 20));
  assert.equal(controlAt(0), 1 << 20);
});
