/** A whole server that is spoken to as LinOTP is, with a gateway for SMS that keeps what it was given. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { fakeGateway, ok } from '../src/sms/lab.ts';
import { makeSite } from './peers/gatehouse.ts';

const GATEWAY_PASSWORD = 'geheimnis-des-gateways';
const ADMIN = `Basic ${btoa('admin:a password of the tests')}`;

/** As much of LinOTP's replies as tests look at. */
export interface Reply {
  readonly result: {
    readonly status: boolean;
    readonly value?: unknown;
    readonly error?: { code: number; message: string };
  };
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly id: unknown;
}

export type OtpLab = Awaited<ReturnType<typeof otpSite>>;

/** `database`: its address; absent: SQLite. */
export async function otpSite(t: TestContext, database?: string) {
  // Client addresses are believed of this machine: each test is somebody else.
  const yaml = 'otp: { client_from: ["127.0.0.1"] }\nlog: { level: debug }';
  const site = await makeSite(t, { yaml, ...(database === undefined ? {} : { database }) });
  const gateway = await fakeGateway(t, () => ok('ID: 7'));
  const server = await site.start();
  const url = `http://127.0.0.1:${site.httpPort}`;
  /** All that was answered. */
  const answers: string[] = [];

  async function post(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<string> {
    // A command may have been waited for, longer than the server keeps a connection that nothing comes over.
    const own = { connection: 'close', ...headers };
    const reply = await fetch(url + path, { method: 'POST', body: new URLSearchParams(fields), headers: own });
    const text = await reply.text();
    answers.push(text);
    assert.equal(reply.status, 200, `${path}: ${text}`);
    return text;
  }

  async function admin(path: string, fields: Record<string, string> = {}): Promise<Reply> {
    return JSON.parse(await post(path, fields, { authorization: ADMIN })) as Reply;
  }

  /** The value of a call that has to succeed. */
  async function value(path: string, fields: Record<string, string> = {}): Promise<unknown> {
    const { result } = await admin(path, fields);
    assert.equal(result.status, true, `${path}: ${JSON.stringify(result)}`);
    return result.value;
  }

  const check = async (fields: Record<string, string>, path = 'check') =>
    JSON.parse(await post(`/validate/${path}`, fields)) as Reply;
  const simple = (fields: Record<string, string>) => post('/validate/simplecheck', fields);

  /** Of the text that went out last. */
  function lastCode(): string {
    const code = /text=\D*(\d{6})/.exec(gateway.requests.at(-1) ?? '')?.[1];
    assert.ok(code, `no code in ${gateway.requests.at(-1)}`);
    return code;
  }

  /** A gateway, and users with a token each: the serials. */
  async function enrol(...users: string[]): Promise<string[]> {
    const config = {
      URL: `http://127.0.0.1:${gateway.port}/send`,
      PARAMETER: { user: 'me', password: GATEWAY_PASSWORD },
      SMS_TEXT_KEY: 'text',
      SMS_PHONENUMBER_KEY: 'to',
      RETURN_SUCCESS: 'ID',
    };
    const provider = { name: 'first', type: 'sms', class: 'smsprovider.HttpSMSProvider.HttpSMSProvider', timeout: '' };
    assert.equal(await value('/system/setProvider', { ...provider, config: JSON.stringify(config) }), true);
    site.import(users.map((user) => `${user},password of ${user},${user}@example.com`));
    const serials: string[] = [];
    for (const user of users) {
      const { detail } = await admin('/admin/init', { type: 'sms', user, phone: '+491701234567', pin: `pin-${user}` });
      serials.push(String(detail?.serial));
    }
    return serials;
  }

  return { site, server, gateway, url, answers, post, admin, value, check, simple, lastCode, enrol };
}
