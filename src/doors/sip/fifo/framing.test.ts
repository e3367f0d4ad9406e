import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMANDS } from '../management/commands.ts';
import { Framing } from './framing.ts';

const framing = () => new Framing((name) => COMMANDS.get(name));
const read = (text: string) => [...framing().feed(text)];

test('one command after the other, with and without the empty line', () => {
  assert.deepEqual(
    read(':uptime:r1\n\n:ul_show_contact:r2\nlocation\n1000\n:ps:\r\n\r\n:ul_rm:x\nlocation\n1000\n\n'),
    [
      { name: 'uptime', reply: 'r1', args: [] },
      { name: 'ul_show_contact', reply: 'r2', args: ['location', '1000'] },
      { name: 'ps', reply: '', args: [] },
      { name: 'ul_rm', reply: 'x', args: ['location', '1000'] },
    ],
  );
});

test('arguments that may be left out end with the empty line, or with a pause', () => {
  const add = ':ul_add:r\nlocation\n1000\nsip:1000@192.0.2.7\n0\n1.00\n0\n128\n';
  const args = ['location', '1000', 'sip:1000@192.0.2.7', '0', '1.00', '0', '128'];
  assert.deepEqual(read(`${add}\n`), [{ name: 'ul_add', reply: 'r', args }]);
  const open = framing();
  assert.deepEqual([...open.feed(add)], []);
  assert.equal(open.waits, true);
  assert.deepEqual([...open.pause()], [{ name: 'ul_add', reply: 'r', args }]);
  assert.equal(open.waits, false);
});

test('pieces of any size', () => {
  const one = framing();
  const got = [...':ul_rm:x\nlocation\n1000\n\n:uptime:y\n'].flatMap((letter) => [...one.feed(letter)]);
  assert.deepEqual(
    got.map(({ name }) => name),
    ['ul_rm', 'uptime'],
  );
});

test('a SIP request as SER writes it', () => {
  const text = [
    ':t_uac_dlg:ctd',
    'INVITE ',
    'sip:1000@192.0.2.7',
    '.',
    'From: <sip:a@b>;tag=1',
    'To: <sip:1000@192.0.2.7>',
    '.',
    'v=0',
    '',
    ':uptime:not a command',
    '.',
    '',
    ':ps:r',
    '',
  ].join('\n');
  assert.deepEqual(read(text), [
    {
      name: 't_uac_dlg',
      reply: 'ctd',
      args: [
        'INVITE ',
        'sip:1000@192.0.2.7',
        '.',
        '.',
        'From: <sip:a@b>;tag=1\r\nTo: <sip:1000@192.0.2.7>',
        'v=0\r\n\r\n:uptime:not a command\r\n',
      ],
    },
    { name: 'ps', reply: 'r', args: [] },
  ]);
});

test('a SIP request as OpenSER writes it', () => {
  const start =
    ':t_uac_dlg:r\nMESSAGE\nsip:1000@192.0.2.7\n.\nudp:127.0.0.1:5060\n"From: <sip:a@b>\r\nTo: <sip:c@d>\r\n"\n';
  const args = ['MESSAGE', 'sip:1000@192.0.2.7', '.', 'udp:127.0.0.1:5060', 'From: <sip:a@b>\nTo: <sip:c@d>\n'];
  assert.deepEqual(read(`${start}\n`), [{ name: 't_uac_dlg', reply: 'r', args }]);
  assert.deepEqual(read(`${start}"Hello\nWorld"\n`)[0]?.args.at(-1), 'Hello\nWorld');
});

test('what is no command is skipped, up to the next one', () => {
  const one = framing();
  assert.deepEqual(
    [...one.feed('garbage\n:\n:no reply\n:../x:y\nlines\n:uptime:r\n')].map(({ name }) => name),
    ['../x', 'uptime'],
  );
  assert.equal(one.faults, 2);
  assert.deepEqual([...one.feed(':ul_rm:r\nlocation\n')], []);
  assert.deepEqual([...one.pause()], []);
  assert.equal(one.faults, 3);
  assert.deepEqual([...one.feed(`:print:r\n${'x'.repeat(70_000)}`)], []);
  assert.deepEqual(
    [...one.feed('x\n:pwd:r\n')].map(({ name }) => name),
    ['pwd'],
  );
  assert.deepEqual(
    [...one.feed(`:get_statistics:r\n${'tm:\n'.repeat(20_000)}\n:pwd:r\n`)].map(({ name }) => name),
    ['pwd'],
  );
  assert.equal(one.faults, 5);
});
