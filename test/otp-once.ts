/**
 * A code counts once, over the network: two hundred connections say the same one at the same moment, and a server that is killed right
 * behind its yes knows it when it is back.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { hotp } from '../src/core/tokens/hotp.ts';
import { type OtpLab, otpSite } from './otp-lab.ts';

/** Both at once: the HTTP port takes 256 connections at a time. */
const CROWDS = { device: 200, message: 40 };
/** As many places as are known of a user: at each a few wrong tries are looked at before the limit answers in place of the tokens. */
const PLACES = Array.from({ length: 8 }, (_, i) => `192.0.2.${10 + i}`);
const SEED = Buffer.from('one yes for all that ask');

/** `database`: its address; absent: SQLite. */
export async function codesCountOnce(t: TestContext, database?: string): Promise<void> {
  const lab = await otpSite(t, database);
  const users = ['hans', 'anna', 'karl'] as const;
  await lab.enrol(...users);
  const counters = { hans: 0, anna: 0, karl: 0 };
  const nextOf = (user: keyof typeof counters) => `device-of-${user}${hotp(SEED, counters[user]++, 6, 'sha1')}`;
  const isRight = async (fields: Record<string, string>) => (await lab.check(fields)).result.value;
  for (const user of users) {
    await lab.value('/admin/init', { type: 'hmac', user, pin: `device-of-${user}`, otpkey: SEED.toString('hex') });
    for (const client of PLACES) assert.equal(await isRight({ user, client, pass: nextOf(user) }), true);
  }

  // A device's value; and that of a message, as the answer to its challenge and behind the PIN.
  const pass = nextOf('hans');
  const client = PLACES[0]!;
  const sent = await lab.check({ user: 'anna', pass: 'pin-anna', client });
  const [code, transactionid] = [lab.lastCode(), String(sent.detail?.transactionid)];
  const behindPin = `pin-anna${code}`;
  const yeses = await Promise.all([
    yesesOf(t, lab, CROWDS.device, () => ({ user: 'hans', pass })),
    yesesOf(t, lab, CROWDS.message, (i) => ({
      user: 'anna',
      ...(i % 2 === 0 ? { pass: code, transactionid } : { pass: behindPin }),
    })),
  ]);
  assert.deepEqual(yeses, [1, 1]);

  const karl = { user: 'karl', client };
  const last = nextOf('karl');
  assert.equal(await isRight({ ...karl, pass: last }), true);
  assert.equal(await lab.server.stop('SIGKILL'), 'SIGKILL');
  await lab.site.start();
  assert.equal(await isRight({ ...karl, pass: last }), false);
  assert.equal(await isRight({ user: 'anna', client, pass: behindPin }), false);
  assert.equal(await isRight({ ...karl, pass: nextOf('karl') }), true);
}

/** How many of the connections were told yes. */
async function yesesOf(
  t: TestContext,
  { site }: OtpLab,
  connections: number,
  fieldsOf: (i: number) => Record<string, string>,
): Promise<number> {
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(site.httpPort, '127.0.0.1');
      t.after(() => void socket.destroy());
      await once(socket, 'connect');
      return socket;
    }),
  );
  // All connections stand; now all of them speak.
  const said = await Promise.all(
    sockets.map((socket, i) => {
      const fields = { client: PLACES[(i >> 1) % PLACES.length]!, ...fieldsOf(i) };
      const body = new URLSearchParams(fields).toString();
      socket.write(
        'POST /validate/check HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n' +
          `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      return replyOf(socket);
    }),
  );
  const replies = said.map((one) => /"value":(\w+)/.exec(one)?.[1]);
  assert.ok(replies.every((one) => one === 'true' || one === 'false'));
  return replies.filter((one) => one === 'true').length;
}

async function replyOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const piece of socket.setEncoding('utf8')) text += piece;
  return text;
}
