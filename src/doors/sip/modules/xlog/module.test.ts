import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../../platform/log.ts';
import type { DialectName } from '../../script/dialect.ts';
import { load, request, type ScriptCall, services } from '../lab.ts';
import { xlog } from './module.ts';

async function said(calls: ScriptCall[], options: { dialect?: DialectName; buf_size?: number } = {}) {
  const lines: string[] = [];
  const note = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
  const log = { ...silentLog, error: note('error'), warn: note('warn'), info: note('info'), debug: note('debug') };
  const bound = await load(xlog, {
    calls,
    services: services({ log }),
    dialect: options.dialect ?? 'ser',
    parameters: options.buf_size === undefined ? {} : { buf_size: options.buf_size },
  });
  const subject = `${Buffer.from('gr\u00fc\u00df\u009b2J').toString('latin1')}\x1b[31m`;
  const { run } = request('INVITE sip:bob@example.com', [`Subject: ${subject}`, 'X-A: 1', 'X-A: 2']);
  for (const call of bound) assert.equal(call(run), 1);
  return lines;
}

test('SER writes %, and what is none of its names stays', async () => {
  assert.deepEqual(
    await said([
      ['xlog', 'L_INFO', '%rm <%ru> from %is %fu %tu %ci 100%% 5%qq %\n'],
      ['xlog', '%{X-A} %{x-a[1]} %{X-None}'],
      ['xdbg', 'no names'],
    ]),
    [
      'info INVITE <sip:bob@example.com> from 198.51.100.7 sip:1000@example.com sip:1000@example.com c1@198.51.100.7 100% 5%qq %',
      'error 1 2 <null>',
      'debug no names',
    ],
  );
});

test('in OpenSER a % is one', async () => {
  assert.deepEqual(await said([['xlog', 'L_WARN', '100%ru']], { dialect: 'openser' }), ['warn 100%ru']);
});

test('a message brings no line end and no control character into the log, and no more than buf_size', async () => {
  assert.deepEqual(await said([['xlog', 'a\nb %{Subject}']]), ['error a b gr\u00fc\u00df 2J [31m']);
  assert.deepEqual(await said([['xlog', 'L_NOTICE', '%rm %ru']], { buf_size: 6 }), ['info INVITE']);
});
