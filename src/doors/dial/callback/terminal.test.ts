import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askWhom } from './request.ts';
import { Terminal } from './terminal.ts';
import { dialTexts } from './texts.ts';

/** The far end: what it hears, and what it types, in whatever pieces. */
function lab() {
  const heard: string[] = [];
  const end = new AbortController();
  let onBytes: ((bytes: Buffer) => void) | undefined;
  const terminal = new Terminal(
    {
      write: (bytes) => void heard.push(Buffer.from(bytes).toString('latin1')),
      listen: (listener) => {
        onBytes = listener;
      },
    },
    end.signal,
  );
  const type = (text: string | Buffer) => onBytes?.(Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1'));
  const ask = (echo = true, timeoutMs = 60_000) => terminal.ask({ prompt: '? ', echo, timeoutMs });
  return { terminal, type, ask, end, heard: () => heard.join('') };
}

test('lines end in CR, LF or CR LF, come in pieces, before the prompt or several at once', async () => {
  const { type, ask } = lab();
  type('one\rtwo\nthree\r');
  assert.deepEqual([await ask(), await ask(), await ask()], ['one', 'two', 'three']);
  // The LF of a CR LF that was cut in two.
  type('\nfo');
  const fourth = ask();
  type('ur\r\n');
  assert.equal(await fourth, 'four');
  type('fünf\r');
  assert.equal(await ask(), 'f\ufffdnf');
  type(Buffer.from('fünf\r\n'));
  assert.equal(await ask(), 'fünf');
});

test('what is typed is echoed and can be taken back; of a secret nothing is shown', async () => {
  const { type, ask, heard } = lab();
  type('ax\bb\x7f\x15\b\x1b[Ac\x00d\r');
  assert.equal(await ask(), '[Acd');
  assert.equal(heard(), '? ax\b \bb\b \b\b \b[Acd\r\n');
  type('sec\bcret\r');
  assert.equal(await ask(false), 'secret');
  assert.equal(heard().slice(-4), '? \r\n');
});

test('no answer in time, too long a one, and a line that ends: nothing is said any more', async () => {
  const { terminal, type, ask, end, heard } = lab();
  assert.equal(await ask(true, 1), undefined);
  type('x'.repeat(600));
  assert.equal(await ask(), undefined);
  // Noise without an end fills no memory.
  for (let i = 0; i < 100; i++) type(Buffer.alloc(1_000, 0xff));
  const asked = ask();
  end.abort();
  assert.equal(await asked, undefined);
  const before = heard();
  terminal.say('gone');
  assert.equal(await ask(), undefined);
  assert.equal(heard(), before);
});

test('a name that is shown again moves no cursor, and empty lines only bring the prompt again', async () => {
  const { terminal, type, heard } = lab();
  const parts = { texts: dialTexts.parse({}), timeoutMs: 60_000, shown: async () => ['home', 'office'] };
  type('\r\rali\u009bce@hotel.example\rhome\r');
  assert.deepEqual(await askWhom(terminal, parts), { user: 'ali\ufffdce', domain: 'hotel.example', to: 'home' });
  assert.match(
    heard(),
    /Numbers for ali.{1,3}ce:\r\n {2}home\r\n {2}office\r\nCall back at: home\r\nYou will be called back.\r\n$/,
  );
  assert.ok(!heard().includes('\u001b'));
  type('\r'.repeat(20));
  assert.equal(await askWhom(terminal, parts), undefined);
});
