import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretsOf } from './censor.ts';
import { maskedNumber } from './masked-number.ts';
import { scrubbed } from './scrub.ts';

const MESSAGE = { number: '+49 170 1234567', text: 'Your code: 372873' };

test('an answer that echoes the message shows neither its text nor its code nor the number', () => {
  const echoes: [answer: string, shown: string][] = [
    ['200 ID 7', '200 ID 7'],
    ['sent "Your code: 372873" to +491701234567', 'sent "…" to *********567'],
    ['text=Your+code%3A+372873&to=00491701234567', 'text=…&to=***********567'],
    ['{"to": "1701234567", "id": 99887766}', '{"to": "*******567", "id": 99887766}'],
  ];
  for (const [answer, shown] of echoes) assert.equal(scrubbed(answer, MESSAGE), shown);
  assert.equal(scrubbed('x'.repeat(999), MESSAGE).length, 201);
});

test('nor does it show a password of the configuration, however it is written', () => {
  const secrets = secretsOf({
    URL: 'https://me:in%20URL@h/',
    PARAMETER: { password: 'k&y "1"', user: 'me' },
    HEADERS: { 'X-Api-Key': ['header'] },
    USERNAME: 'me',
    PASSWORD: 'geheim',
    TOKEN: 'ab',
  });
  const echoes: [answer: string, shown: string][] = [
    ['password=k%26y+%221%22&user=me', 'password=…&user=me'],
    [JSON.stringify({ password: 'k&y "1"' }), '{"password":"…"}'],
    ['no k%26y%20%221%22 and no header', 'no … and no …'],
    [`Authorization: Basic ${btoa('me:geheim')}, 7`, 'Authorization: Basic …, 7'],
    [
      `you sent ${btoa('my:geheim')} and ${btoa('m:geheim')} and ${btoa('geheim')}.`,
      'you sent bXk6… and bTp…0= and ….',
    ],
    ['in URL, in%20URL', '…, …'],
    ['ab of me', 'ab of me'],
  ];
  for (const [answer, shown] of echoes) assert.equal(scrubbed(answer, MESSAGE, secrets), shown);
});

test('of a number the last three digits stay, of a short one none', () => {
  assert.deepEqual(['+491701234567', '123456', '', 'x'.repeat(99)].map(maskedNumber), [
    '*********567',
    '******',
    '',
    '',
  ]);
});
