import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CENSORED, censor, restore } from './censor.ts';

const CONFIG = {
  URL: 'https://me:geheim@gateway.example/send?a=b',
  PARAMETER: { user: 'me', password: 'geheim', api_id: '12980436' },
  HEADERS: { Authorization: 'Bearer geheim', 'X-Plain': 'shown' },
  PROXY: { http: 'http://p:geheim@proxy:3128', https: 'http://proxy:3128' },
  PASSWORD: 'geheim',
  list: [{ token: 'geheim' }, 'x:y@z'],
  TIMEOUT: [3, 30],
  mailpassword: '',
};

test('no secret is shown, and all else is', () => {
  const shown = censor(CONFIG);
  assert.ok(!JSON.stringify(shown).includes('geheim'), JSON.stringify(shown));
  assert.deepEqual(shown, {
    URL: `https://me:${CENSORED}@gateway.example/send?a=b`,
    PARAMETER: { user: 'me', password: CENSORED, api_id: CENSORED },
    HEADERS: { Authorization: CENSORED, 'X-Plain': 'shown' },
    PROXY: { http: `http://p:${CENSORED}@proxy:3128`, https: 'http://proxy:3128' },
    PASSWORD: CENSORED,
    list: [{ token: CENSORED }, 'x:y@z'],
    TIMEOUT: [3, 30],
    mailpassword: '',
  });
});

test('what was shown can be sent back, and the secrets stay', () => {
  assert.deepEqual(restore(censor(CONFIG), CONFIG), CONFIG);
  const changed = { ...censor(CONFIG), PASSWORD: 'neu', PROXY: 'http://p:neu@proxy' };
  assert.deepEqual(restore(changed, CONFIG), { ...CONFIG, PASSWORD: 'neu', PROXY: 'http://p:neu@proxy' });
});

test('a secret does not move to another address', () => {
  const moved = restore({ URL: `https://me:${CENSORED}@evil.example/` }, CONFIG) as { URL: string };
  assert.ok(!moved.URL.includes('geheim'), moved.URL);
});
