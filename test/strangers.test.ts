/**
 * What a stranger can do with the built-in example: nothing. Each request names a third party in every place that could lead there,
 * and nothing may arrive at it; nor may an answer tell who is registered.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLE } from './listings.ts';
import { header, newBranch, register, request, type SipClient, sipClient, statusOf } from './sip-client.ts';
import { DOMAIN, type SipLab, sipLab } from './sip-lab.ts';

interface Scene {
  readonly lab: SipLab;
  readonly stranger: SipClient;
  readonly third: SipClient;
}

interface Attempt {
  readonly name: string;
  /** The whole message. */
  send(scene: Scene): string;
  /** Statuses that may be answered; 0: nothing. */
  readonly answers: readonly number[];
}

const ours = `sip:1000@${DOMAIN}`;
const elsewhere = ({ third }: Scene) => `sip:x@${third.hostPort}`;
const through = ({ lab, third }: Scene) => [`Route: <sip:${lab.udp};lr>`, `Route: <sip:${third.hostPort};lr>`];
const claimed = `<${ours}>;tag=made-up`;

const attempts: Attempt[] = [
  ...['INVITE', 'MESSAGE', 'OPTIONS', 'REGISTER', 'BYE', 'SUBSCRIBE'].flatMap((method): Attempt[] => [
    {
      name: `${method} with a preloaded Route to the third party`,
      send: (scene) => request(scene.stranger, { method, uri: ours, from: ours, to: ours, headers: through(scene) }),
      answers: [401, 403, 407],
    },
    {
      name: `${method} with a made-up To tag and our Route`,
      send: (scene) =>
        request(scene.stranger, {
          method,
          uri: elsewhere(scene),
          from: ours,
          to: claimed,
          headers: [`Route: <sip:${scene.lab.udp};lr>`],
        }),
      answers: [401, 403, 407],
    },
    {
      name: `${method} with a made-up To tag and a Route to the third party`,
      send: (scene) => request(scene.stranger, { method, uri: ours, from: ours, to: claimed, headers: through(scene) }),
      answers: [401, 403, 407],
    },
    {
      name: `${method} whose Request-URI is the third party`,
      send: (scene) => request(scene.stranger, { method, uri: elsewhere(scene), from: ours, to: ours }),
      answers: [401, 403, 407],
    },
    {
      name: `${method} from a domain that is not served here`,
      send: (scene) =>
        request(scene.stranger, { method, uri: ours, from: 'sip:1000@other.example', to: 'sip:1000@other.example' }),
      answers: [403],
    },
  ]),
  ...['ACK', 'CANCEL'].flatMap((method): Attempt[] => [
    {
      name: `${method} with Routes to the third party`,
      send: (scene) =>
        request(scene.stranger, { method, uri: elsewhere(scene), from: ours, to: claimed, headers: through(scene) }),
      answers: [0, 481],
    },
    {
      name: `${method} whose Request-URI is the third party`,
      send: (scene) => request(scene.stranger, { method, uri: elsewhere(scene), from: ours, to: ours }),
      answers: [0, 481],
    },
  ]),
  {
    name: 'a response with a branch that looks like ours',
    send: ({ lab, third }) =>
      [
        'SIP/2.0 200 OK',
        `Via: SIP/2.0/UDP ${lab.udp};branch=${newBranch()}`,
        `Via: SIP/2.0/UDP ${third.hostPort};branch=z9hG4bKx;received=127.0.0.1;rport=${third.port}`,
        `From: <${ours}>;tag=a`,
        `To: <${ours}>;tag=b`,
        'Call-ID: reflected',
        'CSeq: 1 INVITE',
        'Content-Length: 0\r\n\r\n',
      ].join('\r\n'),
    answers: [0],
  },
];

test('nothing that a stranger sends reaches a third party', async (t) => {
  const lab = await sipLab(t, { script: EXAMPLE, preloadedRoute: 'challenge', users: { 1000: 'secret' } });
  const scene: Scene = { lab, stranger: await sipClient(t, lab.udp), third: await sipClient(t, lab.udp) };
  for (const { name, send, answers } of attempts) {
    await t.test(name, async () => {
      scene.stranger.send(send(scene));
      // The answer to this one comes after whatever the attempt caused.
      scene.stranger.send(
        request(scene.stranger, { method: 'OPTIONS', uri: `sip:${DOMAIN}`, from: ours, to: `sip:${DOMAIN}` }),
      );
      const seen: number[] = [];
      for (;;) {
        const reply = await scene.stranger.receive();
        assert.ok(reply, 'the server answers');
        if (header(reply, 'CSeq')?.endsWith('OPTIONS') && statusOf(reply) === 200) break;
        seen.push(statusOf(reply));
      }
      for (const status of seen) assert.ok(answers.includes(status), `${status} is not one of ${answers}`);
      if (!answers.includes(0)) assert.equal(seen.length, 1);
      assert.deepEqual(scene.third.inbox, []);
    });
  }
});

test('an answer does not tell who is registered', async (t) => {
  const lab = await sipLab(t, {
    script: EXAMPLE,
    preloadedRoute: 'challenge',
    users: { 1000: 'secret', 1001: 'secret' },
  });
  const phone = await sipClient(t, lab.udp);
  assert.equal(statusOf(await register(phone, { domain: DOMAIN, user: '1000', password: 'secret' })), 200);
  const stranger = await sipClient(t, lab.udp);
  for (const method of ['OPTIONS', 'INVITE', 'MESSAGE', 'REGISTER']) {
    const statuses: number[] = [];
    for (const user of ['1000', '1001', 'nobody']) {
      const uri = `sip:${user}@${DOMAIN}`;
      stranger.send(request(stranger, { method, uri, from: uri, to: uri }));
      statuses.push(statusOf(await stranger.receive()));
    }
    assert.equal(new Set(statuses).size, 1, `${method}: ${statuses}`);
  }
  assert.deepEqual(phone.inbox, []);
});
