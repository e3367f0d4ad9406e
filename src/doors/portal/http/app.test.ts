/** The pages over a real listener, with a gate, a firewall and neighbours that only say yes: above all that nothing a stranger sends ends it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAC, startPages } from './lab.ts';

const statusOf = (answer: string) => Number(answer.slice(9, 12));
const header = (answer: string, name: string) => new RegExp(`^${name}: (.*)\r$`, 'm').exec(answer)?.[1];

test('whatever is asked of another host leads to the page, and remembers where to', async (t) => {
  const { raw, get, clients } = await startPages(t);
  const answer = await get('/a?b=c&d=%22', 'Host: example.com\r\n');
  assert.equal(statusOf(answer), 307);
  assert.equal(
    header(answer, 'Location'),
    `http://127.0.0.1:2050/splash.html?redir=${encodeURIComponent('http://example.com/a?b=c&d=%22')}`,
  );
  assert.equal(header(answer, 'Cache-Control'), 'no-store');
  assert.match(await raw('HEAD / HTTP/1.1\r\nHost: h\r\n\r\n'), /^HTTP\/1\.1 307 [\s\S]*\r\n\r\n$/);
  assert.equal(statusOf(await get('http://example.com/', 'Host: 127.0.0.1:2050\r\n')), 307);
  assert.equal(
    header(await get(`/${'x'.repeat(5_000)}`, 'Host: h\r\n'), 'Location'),
    'http://127.0.0.1:2050/splash.html',
  );
  assert.doesNotMatch(await get('/"><script>', 'Host: "><script>\r\n'), /"><script>/);
  assert.equal(clients.size, 0, 'nobody is looked at for that');
});

test('requests that ended other portals are answered, and the door goes on', async (t) => {
  const { raw, get, asked } = await startPages(t);
  const query = 'x'.repeat(6_000);
  for (const [target, lines, expected] of [
    ['/nodogsplash_auth/', undefined, 307],
    ['/nodogsplash_auth/?tok=00000000', undefined, 307],
    ['/nodogsplash_auth/?tok=00000000&redir=', undefined, 307],
    ['/nodogsplash_auth/?redir=http%3a%2f%2fh', undefined, 307],
    [`/nodogsplash_auth/?${query}`, undefined, 307],
    [`/?redir=${'y'.repeat(9_000)}`, undefined, 414],
    ['/?redir=%', undefined, 400],
    ['/?redir=%ff', undefined, 400],
    ['/nodogsplash_auth', undefined, 404],
    ['/nodogsplash_preauth/?fas=$(touch%20x)', undefined, 404],
    ['/.%2e/%2e%2e/../etc/passwd', undefined, 404],
    ['/%2e%2e/%2e%2e/etc/passwd', undefined, 404],
    ['/', '', 400],
    ['/', 'Host: 127.0.0.1:2050\r\nCookie: \xff\xfe\r\nUser-Agent:\r\n', 200],
  ] as const)
    assert.equal(statusOf(await get(target, lines)), expected, `${target.slice(0, 60)} ${lines?.slice(0, 40)}`);
  assert.equal(statusOf(await raw('GET / HTTP/1.0\r\n\r\n')), 200, 'without Host it is for us');
  assert.equal(statusOf(await raw('DELETE / HTTP/1.1\r\nHost: 127.0.0.1:2050\r\n\r\n')), 405);
  assert.equal(statusOf(await raw('\x16\x03\x01\x00\xff\r\n\r\n')), 400);
  // What is too large may be cut off before it has heard the answer.
  const large = await get('/', `Host: 127.0.0.1:2050\r\nX: ${'z'.repeat(70_000)}\r\n`);
  assert.ok(large === '' || statusOf(large) === 431);
  assert.equal(asked.length, 0, 'nobody is asked without the token');
});

test('the page escapes what comes from outside, and keeps web addresses only', async (t) => {
  const { get } = await startPages(t);
  const wanted = encodeURIComponent(`http://h/"><script>alert(1)</script>`);
  const page = await get(`/splash.html?redir=${wanted}&error=wrong`);
  assert.match(page, /&lt;The Anchor&gt;/);
  assert.match(page, /The name or password is wrong\./);
  assert.match(page, /name="redir" value="http:\/\/h\/%22%3E%3Cscript%3Ealert\(1\)%3C\/script%3E"/);
  assert.match(
    await get('/?redir=javascript:alert(1)&error=%3Cb%3E'),
    /role="alert"><\/div>[\s\S]*name="redir" value=""/,
  );
  assert.match(await get('/', 'Host: 127.0.0.1:2050\r\nAccept-Language: de\r\n'), /<html lang="de">/);
});

test('a login wants the token; after POST the next request is a GET', async (t) => {
  const { get, post, asked, me } = await startPages(t);
  const { token } = me();
  const wrong = await post('/nodogsplash_auth/', `tok=${'0'.repeat(32)}&username=u`);
  assert.deepEqual(
    [statusOf(wrong), header(wrong, 'Location')],
    [303, 'http://127.0.0.1:2050/splash.html?error=again'],
  );
  const posted = await post('/nodogsplash_auth/', `tok=${token}&redir=http%3A%2F%2Fh%2F&username=%C5%BE&password=a+b`);
  assert.deepEqual([statusOf(posted), header(posted, 'Location')], [303, 'http://h/']);
  const got = await get(`/nodogsplash_auth/?tok=${token}&redir=ftp://h/&username=u&password=p`);
  assert.deepEqual([statusOf(got), header(got, 'Location')], [307, 'http://127.0.0.1:2050/status.html']);
  assert.deepEqual(
    asked.map(({ user, password, redir }) => [user, password, redir]),
    [
      ['ž', 'a b', 'http://h/'],
      ['u', 'p', 'ftp://h/'],
    ],
  );
  const large = await post('/nodogsplash_auth/', `tok=${me().token}&x=${'x'.repeat(20_000)}`);
  assert.ok(large === '' || statusOf(large) === 413);
  assert.equal(statusOf(await post('/nodogsplash_auth/', 'tok=%')), 400);
  assert.equal(asked.length, 2);
});

test('where a code was sent a page asks for it, and brings back what it belongs to', async (t) => {
  const { post, asked, me, answerWith } = await startPages(t);
  answerWith({ is: 'code', transaction: '4711', prompt: 'Enter <it>' });
  const { token } = me();
  const page = await post('/nodogsplash_auth/', `tok=${token}&username=%22u&password=p`);
  assert.equal(statusOf(page), 200);
  assert.match(page, /Enter &lt;it&gt;[\s\S]*name="username" value="&#34;u"[\s\S]*name="transaction" value="4711"/);
  await post('/nodogsplash_auth/', `tok=${token}&username=%22u&transaction=4711&code=+123456+`);
  assert.deepEqual(asked[1]?.answer, { transaction: '4711', code: '123456' });
  answerWith({ is: 'call', transaction: '4712', prompt: '' });
  const call = await post('/nodogsplash_auth/', `tok=${token}&username=u&password=p`);
  assert.match(call, /Your telephone rings[\s\S]*name="transaction" value="4712"[\s\S]*name="code" value=""/);
  await post('/nodogsplash_auth/', `tok=${token}&username=u&transaction=4712&code=`);
  assert.deepEqual(asked.at(-1)?.answer, { transaction: '4712', code: '' });
});

test('leaving wants the token too: a link on some page only shows a page that asks', async (t) => {
  const { get, post, closed, enter, me } = await startPages(t);
  enter();
  assert.equal(statusOf(await get('/')), 200);
  assert.match(await get('/nodogsplash_deny/'), /Do you want to leave the network\?/);
  assert.deepEqual(closed, []);
  assert.equal(statusOf(await post('/nodogsplash_deny/', `tok=${me().token}`)), 303);
  assert.deepEqual(closed, [MAC]);
  assert.match(await get('/x', 'Host: example.com\r\n'), /http-equiv="refresh"/, 'a late request of one that is in');
});
