import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseParameters, safeRedir } from '../http/request.ts';
import { Pages } from './pages.ts';
import { compilePage } from './template.ts';
import { durationText } from './variables.ts';
import { ENGLISH, wordsFor } from './words.ts';

for (const [template, page] of [
  ['$tok', 'T'],
  ['$$tok', 'T'],
  ['$5 and $', '5 and '],
  [`\${tok}`, '{tok}'],
  ['$tok_x $unknown', 'tok_x unknown'],
  [`$${'a'.repeat(32)}`, 'a'.repeat(32)],
  ['$__proto__ $constructor', '__proto__ constructor'],
] as const) {
  test(`template ${template}`, () => assert.equal(compilePage(template)({ tok: 'T', ['a'.repeat(32)]: 'no' }), page));
}

const HOSTILE = `"><script>alert('1')</script>&--\\`;

test('a value is escaped for the place that it stands in', () => {
  const fill = (template: string) => compilePage(template)({ v: HOSTILE, w: 'a b/c' });
  const escaped = '&#34;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;--\\';
  assert.equal(fill('<p>$v</p>'), `<p>${escaped}</p>`);
  assert.equal(fill('<!-- $v -->'), `<!-- ${escaped} -->`);
  assert.equal(fill('<input value="$v">'), `<input value="${escaped}">`);
  assert.equal(fill('<a href="http://h/?x=1&y=$w">'), '<a href="http://h/?x=1&y=a%20b%2Fc">');
  assert.equal(fill('<script>let a = "$w";</script>$w'), '<script>let a = "a b\\u002fc";</script>a b/c');
  assert.doesNotMatch(fill('<script>let a = "$v";</script>'), /["']?>alert|<\/script>.+<\/script>/);
});

test('where somebody wanted to go is kept when it is a web address, in a form that does no harm', () => {
  assert.equal(safeRedir('http://example.com/a?b=c&d=e'), 'http://example.com/a?b=c&d=e');
  assert.equal(safeRedir(`http://example.com/'"<b>\`\\`), 'http://example.com/%27%22%3Cb%3E%60/');
  assert.equal(safeRedir('http://example.com/a\r\nX: y'), 'http://example.com/aX:%20y');
  for (const bad of [
    undefined,
    '',
    'javascript:alert(1)',
    'data:text/html,x',
    '//example.com/',
    '/x',
    `http://a/${'x'.repeat(4096)}`,
  ])
    assert.equal(safeRedir(bad), '', bad);
});

test('parameters: the first of a name counts, names of objects are names, and what is no encoding is refused', () => {
  const read = (text: string) => parseParameters(Buffer.from(text, 'latin1'));
  assert.deepEqual(
    read('a=1&a=2&__proto__=x&b&=c&d=%C5%BE+%2B'),
    new Map([
      ['a', '1'],
      ['__proto__', 'x'],
      ['b', ''],
      ['d', 'ž +'],
    ]),
  );
  for (const bad of ['a=%', 'a=%zz', 'a=%ff', 'a=\xff', '%E0%A4%A=1']) assert.equal(read(bad), undefined, bad);
  assert.equal(read(Array.from({ length: 1000 }, (_, i) => `p${i}=1`).join('&'))?.size, 64);
});

const root = mkdtempSync(join(tmpdir(), 'gatehouse-pages-'));
after(() => rmSync(root, { recursive: true }));
mkdirSync(join(root, 'htdocs', 'images'), { recursive: true });
writeFileSync(join(root, 'secret'), 'secret');
writeFileSync(join(root, 'htdocs', 'images', 'a b.png'), 'png');
symlinkSync(join(root, 'secret'), join(root, 'htdocs', 'link'));

test('files come from web_root and from nowhere else', async () => {
  const pages = new Pages({ web_root: join(root, 'htdocs') });
  assert.deepEqual(await pages.file('/images/a%20b.png'), { type: 'image/png', bytes: Buffer.from('png') });
  for (const path of [
    '/../secret',
    '/%2e%2e/secret',
    '/.%2e/%2e%2e/../etc/passwd',
    '/..%2fsecret',
    '/%252e%252e/secret',
    '/images/../../secret',
    '/link',
    '/images',
    '/images/a%20b.png%00',
    '/%',
    '//etc/passwd',
  ])
    assert.equal(await pages.file(path), undefined, path);
  assert.equal(await new Pages({ web_root: undefined }).file('/etc/passwd'), undefined);
  for (const one of [pages, new Pages({ web_root: undefined })]) {
    assert.equal((await one.file('/splash.css'))?.type, 'text/css; charset=utf-8');
    assert.deepEqual((await one.file('/images/splash.jpg'))?.bytes.subarray(0, 3), Buffer.from('ffd8ff', 'hex'));
  }
  writeFileSync(join(root, 'htdocs', 'splash.css'), 'theirs');
  assert.equal(String((await pages.file('/splash.css'))?.bytes), 'theirs');
});

test('a page is that of web_root, as it stands now, else ours', async () => {
  const pages = new Pages({ web_root: join(root, 'htdocs') });
  const show = async () => (await pages.page('splash.html', 'click', ENGLISH))({ gatewayname: 'The Anchor' });
  assert.match(await show(), /Connect<\/button>/);
  const file = join(root, 'htdocs', 'splash.html');
  writeFileSync(file, 'one $gatewayname');
  assert.equal(await show(), 'one The Anchor');
  writeFileSync(file, 'two $gatewayname');
  utimesSync(file, 1, 1);
  assert.equal(await show(), 'two The Anchor');
});

test('a page that tells nowhere why has it at its top; others stay as they are', async () => {
  const pages = new Pages({ web_root: join(root, 'htdocs') });
  const show = async (name: string, text: string) => {
    writeFileSync(join(root, 'htdocs', name), text);
    return (await pages.page(name, 'click', ENGLISH))({ error_msg: 'a < b' });
  };
  const told = '<div class="error" role="alert">a &lt; b</div>';
  assert.equal(await show('a', '<!-- $error_msg --><BODY class="x">p'), `<!-- a &lt; b --><BODY class="x">${told}p`);
  assert.equal(await show('b', '<body><p>$error_msg</p>'), '<body><p>a &lt; b</p>');
  assert.equal(await show('c', 'no body'), 'no body');
});

test('our pages speak the first language of the browser that they know, with no variable left open', () => {
  assert.deepEqual(
    ['de-AT,de;q=0.9', 'pt,fr;q=0.5', 'xx', undefined].map((header) => wordsFor(header).language),
    ['de', 'fr', 'en', 'en'],
  );
  const pages = new Pages({ web_root: undefined });
  const variables = {
    gatewayname: 'N',
    error_msg: '',
    authaction: 'a',
    denyaction: 'd',
    tok: 't',
    redir: 'r',
    clientip: 'i',
    clientmac: 'm',
    username: 'u',
    transaction: '1',
    prompt: 'p',
  };
  for (const language of ['en', 'de', 'cs', 'fr'])
    for (const page of ['click', 'password', 'code', 'call', 'status', 'logout', 'missing', 'refused'] as const)
      assert.doesNotMatch(
        pages.theme(page, wordsFor(language))(variables),
        /\$|gatewayname|error_msg|authaction|denyaction|undefined|<script/,
      );
});

test("how long it runs, in nodogsplash's form", () => {
  const texts = [0, 59_999, 60_000, 3_600_000, 93_784_000].map(durationText);
  assert.deepEqual(texts, ['0s', '59s', '1m 0s', '1h 0m 0s', '1d 2h 3m 4s']);
});
