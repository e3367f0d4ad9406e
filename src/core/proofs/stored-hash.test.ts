import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { fitsStoredHash } from './stored-hash.ts';

/** The first of each is from the scheme's own specification or test program, the others were made by crypt(3) of glibc. */
const VECTORS: readonly (readonly [password: string, stored: string])[] = [
  [
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'Hello world!',
    '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
  [
    'secret',
    '$6$rounds=1234$abc$O3ZOa0XiEWN0HewyM3s5mh16Zs29hmX3DWLNjonHRN//nTlr0lwJJMRhAJl66.NpDwazhmHN3f756IRDgrSzs.',
  ],
  ['x'.repeat(200), '$6$abc$9bIqFS3gcEah7ONB5aYjFczb7Fkaut01.W86FsbxH3PnKOS.T6QNYs7qzjm/MziNMzBBXqOaoSNUc4PtFnUj0.'],
  ['pässword', '$6$abcdefgh$iiBW30h6MQUpgkXT9F87NVy6FIbloKXQmfPH87w2UkYa6T8cikoVXkyDCmOccwyrz69xvCZIs4Q.UiGV4ZRkv.'],
  ['Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ['secret', '$5$rounds=1234$abc$fxZ57jmQ0Lb8gmwdH2Dmggr3hCjkWdFqy8JRw6hpb75'],
  ['x'.repeat(200), '$5$abc$1tyjgZdjCP/3YwuSn9x.5JSF6He6FyBxCfsk3eWbIs0'],
  ['pässword', '$1$abcdefgh$6qENbeetgn0exf.OCTQaP0'],
  ['pässword', '$apr1$abcdefgh$rRdIxwY5XRHT4TMtBPZn.0'],
  ['test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
  ['secret', `{SHA}${hash('sha1', 'secret', 'base64')}`],
  [
    'secret',
    `{ssha256}${Buffer.concat([hash('sha256', 'secretsalt', 'buffer'), Buffer.from('salt')]).toString('base64')}`,
  ],
  ['pässword', '{CRYPT}$1$abcdefgh$6qENbeetgn0exf.OCTQaP0'],
];

test('a password fits its hash, and a hair beside it does not', async () => {
  for (const [password, stored] of VECTORS) {
    assert.equal(await fitsStoredHash(password, stored), true, stored);
    assert.equal(await fitsStoredHash(`${password} `, stored), false, stored);
  }
});

test('what is no hash is no password: locked, shadowed and empty ones fit nothing', async () => {
  for (const stored of ['', 'x', '*', '!', '!!', '!$6$abc$', '*NP*', '$', '{SHA}', '{SSHA}c2FsdA==']) {
    assert.equal(await fitsStoredHash('', stored), false, stored);
    assert.equal(await fitsStoredHash(stored || 'x', stored), false, stored);
  }
  assert.equal(await fitsStoredHash('', `{SHA}${hash('sha1', '', 'base64')}`), false, 'an empty password is none');
});

test('a form that cannot be computed is named', async () => {
  const forms = [
    ['$2y$10$abcdefghijklmnopqrstuv', /bcrypt/],
    ['$y$j9T$abc$def', /yescrypt/],
    ['rqXexS6ZhobKA', /DES crypt/],
    ['{FOO}abc', /\{FOO\}/],
    ['$6$rounds=999999999$abc$x', /of the kind \$6\$rounds=99/],
    ['$what$ever', /of the kind \$what\$ever/],
  ] as const;
  for (const [stored, message] of forms)
    await assert.rejects(fitsStoredHash('secret', stored), { code: 'HASH_UNSUPPORTED', message });
});
