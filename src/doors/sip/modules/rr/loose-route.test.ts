/** The table of what loose_route does, row by row: the addresses stand for `me` (us), p1, p2 (other proxies) and the callee. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { load, outgoing, request, services, TCP, UDP, UDP6 } from '../lab.ts';
import { rr } from './module.ts';

const me = '<sip:192.0.2.13:5060;ftag=ft1;lr=on>';
const meOut = '<sip:192.0.2.13;r2=on;ftag=ft1;lr>';
const meIn = '<sip:192.0.2.13;transport=tcp;r2=on;ftag=ft1;lr>';
const loose = '<sip:p1.example.net;lr>';
const loose2 = '<sip:p2.example.net;lr>';
const strict = '<sip:p1.example.net>';
const callee = 'sip:bob@203.0.113.9:5062';
const bob = `<${callee}>`;

interface Row {
  name: string;
  uri?: string;
  /** To without tag. */
  initial?: true;
  /** Each string is one Route line. */
  routes: string[];
  result: number;
  /** What becomes of them; absent: Request-URI as it was, no destination, no Route. */
  toUri?: string;
  destination?: string;
  left?: string[];
  to?: string;
  parameters?: Record<string, string | number>;
}

const rows: Row[] = [
  { name: 'no Route, initial', initial: true, routes: [], result: -1 },
  { name: 'no Route, in a dialog', routes: [], result: -1 },
  { name: 'To cannot be parsed', to: 'To: <sip:bob@example.com', routes: [me], result: -1, left: [me] },
  { name: 'Request-URI cannot be parsed', uri: 'sip:', routes: [me], result: -1, left: [me] },

  { name: 'ours alone, preloaded', initial: true, routes: [me], result: -1 },
  { name: 'ours alone, in a dialog', routes: [me], result: 1 },
  { name: 'ours twice as r2 pair, in a dialog', routes: [meOut, meIn], result: 1 },
  { name: 'ours twice as r2 pair in one line, preloaded', initial: true, routes: [`${meOut}, ${meIn}`], result: -1 },
  {
    name: 'without double RR, r2 means nothing',
    routes: [meOut, meIn],
    parameters: { enable_double_rr: 0 },
    result: 1,
    destination: 'sip:192.0.2.13;transport=tcp;r2=on;ftag=ft1;lr',
    left: [meIn],
  },
  { name: 'ours, then strict', routes: [me, strict], result: 1, toUri: 'sip:p1.example.net', left: [bob] },
  {
    name: 'ours, then strict and more, in one line',
    routes: [`${me},${strict},${loose2}`],
    result: 1,
    toUri: 'sip:p1.example.net',
    left: [loose2, bob],
  },
  { name: 'ours, then loose', routes: [me, loose], result: 1, destination: 'sip:p1.example.net;lr', left: [loose] },
  {
    name: 'ours, then loose, in one line',
    routes: [`${me} , ${loose},${loose2}`],
    result: 1,
    destination: 'sip:p1.example.net;lr',
    left: [`${loose},${loose2}`],
  },
  {
    name: 'r2 pair over two lines, then loose',
    routes: [meOut, `${meIn}, ${loose}`, loose2],
    result: 1,
    destination: 'sip:p1.example.net;lr',
    left: [loose, loose2],
  },
  {
    name: 'r2 pair, then strict, preloaded',
    initial: true,
    routes: [`${meOut},${meIn}`, strict],
    result: 1,
    toUri: 'sip:p1.example.net',
    left: [bob],
  },
  {
    name: 'preloaded: ours, then loose',
    initial: true,
    routes: [me, loose],
    result: 1,
    destination: 'sip:p1.example.net;lr',
    left: [loose],
  },
  { name: 'not ours, loose', routes: [loose], result: 1, destination: 'sip:p1.example.net;lr', left: [loose] },
  {
    name: 'not ours, loose, preloaded',
    initial: true,
    routes: [loose],
    result: 1,
    destination: 'sip:p1.example.net;lr',
    left: [loose],
  },
  { name: 'not ours, strict', routes: [strict, loose2], result: 1, toUri: 'sip:p1.example.net', left: [loose2, bob] },
  {
    name: 'preloaded Routes are loose though the Request-URI is ours',
    uri: 'sip:192.0.2.13',
    initial: true,
    routes: [me, loose],
    result: 1,
    destination: 'sip:p1.example.net;lr',
    left: [loose],
  },

  {
    name: 'strict before us, callee next',
    uri: 'sip:192.0.2.13;ftag=ft1;lr',
    routes: [bob],
    result: 1,
    toUri: callee,
  },
  {
    name: 'strict before us, strict next',
    uri: 'sip:192.0.2.13',
    routes: [`${strict}, ${loose2}`, bob],
    result: 1,
    toUri: 'sip:p1.example.net',
    left: [loose2, bob],
  },
  {
    name: 'strict before us, loose next',
    uri: 'sip:192.0.2.13',
    routes: [`${loose}, ${loose2}, ${bob}`],
    result: 1,
    toUri: callee,
    destination: 'sip:p1.example.net;lr',
    left: [`${loose}, ${loose2}`],
  },
  {
    name: 'strict before us, loose next is the last',
    uri: 'sip:192.0.2.13',
    routes: [loose],
    result: 1,
    toUri: 'sip:p1.example.net;lr',
    destination: 'sip:p1.example.net;lr',
  },
  {
    name: 'strict before us, second half of our pair, callee',
    uri: 'sip:192.0.2.13;r2=on;lr',
    routes: [`${meIn}, ${bob}`],
    result: 1,
    toUri: callee,
  },
  {
    name: 'strict before us, second half of our pair, loose next',
    uri: 'sip:192.0.2.13;r2=on;lr',
    routes: [meIn, loose, bob],
    result: 1,
    toUri: callee,
    destination: 'sip:p1.example.net;lr',
    left: [loose],
  },
  {
    name: 'strict before us, second half of our pair alone',
    uri: 'sip:192.0.2.13;r2=on;lr',
    routes: [meIn],
    result: -1,
  },

  { name: 'a broken Route on top', routes: ['<sip:p1', bob], result: -1, left: ['<sip:p1', bob] },
  { name: 'a broken Route behind ours', routes: [`${me}, ,`], result: -1, left: [`${me}, ,`] },
  { name: 'a Route that is no URI', routes: ['<sip:@>'], result: -1, left: ['<sip:@>'] },
  {
    name: 'ignore_user',
    routes: ['<sip:x@192.0.2.13;lr>'],
    parameters: { ignore_user: 'x' },
    result: -1,
    left: ['<sip:x@192.0.2.13;lr>'],
  },
  {
    name: 'ours by port: another one is not',
    routes: ['<sip:192.0.2.13:5080;lr>'],
    result: 1,
    destination: 'sip:192.0.2.13:5080;lr',
    left: ['<sip:192.0.2.13:5080;lr>'],
  },
];

describe('loose_route', () => {
  for (const row of rows) {
    test(row.name, async () => {
      const [call] = await load(rr, { parameters: row.parameters ?? {}, calls: [['loose_route']] });
      const { run } = message(row);
      assert.equal(call!(run), row.result);
      assert.equal(run.uri, row.toUri ?? row.uri ?? callee);
      assert.equal(run.destination, row.destination);
      assert.deepEqual(routesOf(run), row.left ?? []);
    });
  }
});

describe('preloaded_route: challenge', () => {
  const challenge = services({ options: { preloadedRoute: 'challenge' } });

  test('a first request is routed, but goes to the authentication', async () => {
    const [call] = await load(rr, { services: challenge, calls: [['loose_route']] });
    const { run } = message({ initial: true, routes: [me, loose] });
    assert.equal(call!(run), -1);
    assert.equal(run.destination, 'sip:p1.example.net;lr');
    assert.deepEqual(routesOf(run), [loose]);
  });

  test('so is one whose topmost Route is not ours', async () => {
    const [call] = await load(rr, { services: challenge, calls: [['loose_route']] });
    assert.equal(call!(message({ initial: true, routes: [loose] }).run), -1);
  });

  /** Our URI as a first request of this Call-ID got it in its Record-Route. */
  async function recorded(...headers: string[]): Promise<string> {
    const [record] = await load(rr, { services: challenge, calls: [['record_route']] });
    const { run } = request(`INVITE ${callee}`, ['To: <sip:bob@example.com>', ...headers]);
    assert.equal(record!(run), 1);
    return outgoing(run, 'Record-Route')[0]!.slice('Record-Route: '.length);
  }

  test('a request of a dialog that was let begin here is vouched for, a made-up To tag is not', async () => {
    const [call] = await load(rr, { services: challenge, calls: [['loose_route']] });
    const own = await recorded();
    assert.match(own, /;gm=[0-9a-f]{16};/);
    assert.equal(call!(message({ routes: [own, loose] }).run), 1);
    assert.equal(call!(message({ routes: [own] }).run), 1);
    assert.equal(call!(message({ uri: own.slice(1, -1), routes: [strict] }).run), 1, 'after a strict router');

    assert.equal(call!(message({ routes: [me, loose] }).run), -1, 'no mark');
    assert.equal(call!(message({ routes: [loose] }).run), -1, 'not our Route');
    const other = await recorded('Call-ID: another');
    assert.equal(call!(message({ routes: [other, loose] }).run), -1, 'the mark of another dialog');
    assert.equal(call!(message({ initial: true, routes: [own, loose] }).run), -1, 'a first request with a right mark');
  });

  test('ACK and CANCEL are no exception', async () => {
    const [call] = await load(rr, { services: challenge, calls: [['loose_route']] });
    for (const method of ['ACK', 'CANCEL']) {
      assert.equal(call!(request(`${method} ${callee}`, [`Route: ${me}`, `Route: ${loose}`]).run), -1);
    }
  });
});

test('the second half of a pair names the socket to send from; what is not ours is no half', async () => {
  const [call] = await load(rr, { calls: [['loose_route']] });
  const from = (...routes: string[]) => {
    const { run } = message({ routes });
    assert.equal(call!(run), 1);
    return [run.sendFrom, routesOf(run)];
  };
  assert.deepEqual(from(meOut, meIn), [TCP, []]);
  assert.deepEqual(from(meIn, meOut, loose), [UDP, [loose]]);
  assert.deepEqual(from(meIn, '<sip:[2001:db8::13]:5060;r2=on;lr>'), [UDP6, []]);
  assert.deepEqual(from(me, loose), [undefined, [loose]]);
  const foreign = '<sip:p1.example.net;r2=on;lr>';
  assert.deepEqual(from(meOut, foreign), [undefined, [foreign]]);
  assert.deepEqual(from(meOut, me), [undefined, [me]], 'ours, but not of the pair');
});

test('compact spelling and several Route lines between other headers', async () => {
  const [call] = await load(rr, { calls: [['loose_route']] });
  const { run } = request(`BYE ${callee}`, [
    'To: <sip:bob@example.com>;tag=tt',
    `ROUTE : ${me}`,
    'X-Between: 1',
    `route:${loose2}`,
  ]);
  assert.equal(call!(run), 1);
  assert.deepEqual(outgoing(run, 'ROUTE ', 'route', 'X-Between'), ['X-Between: 1', `route:${loose2}`]);
});

function message(row: Pick<Row, 'uri' | 'initial' | 'routes' | 'to'>) {
  const to = row.to ?? `To: <sip:bob@example.com>${row.initial ? '' : ';tag=tt'}`;
  const built = request(`BYE ${callee}`, [to, ...row.routes.map((value) => `Route: ${value}`)]);
  if (row.uri === undefined) return built;
  return request(`BYE ${row.uri}`, [to, ...row.routes.map((value) => `Route: ${value}`)]);
}

function routesOf(run: Parameters<typeof outgoing>[0]): string[] {
  return outgoing(run, 'Route').map((line) => line.slice('Route: '.length));
}
