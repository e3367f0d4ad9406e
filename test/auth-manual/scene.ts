/** A server whose script is put together from pieces of a manual's examples, a telephone that asks it, and the next hop. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, type TestContext } from 'node:test';
import { modules } from '../../src/doors/sip/modules/modules.ts';
import { loadScript } from '../../src/doors/sip/script/load.ts';
import { answer, final, header, newBranch, request, type SipClient, sipClient, statusOf } from '../sip-client.ts';
import { DOMAIN, LabClock, type LabGround, type LabOptions, layGround, type SipLab, sipLab } from '../sip-lab.ts';

export const md5 = (text: string) => hash('md5', text);
export const START = 1_800_000_000_000;
export const ALICE = { user: 'alice', password: 'wonderland' };

const USERS = { [ALICE.user]: ALICE.password };
/** Keys, database and users of all scenes that want none of their own: they cost most of the time. */
let ground: Promise<LabGround> | undefined;
after(async () => (await ground)?.close());

export interface Pieces extends Omit<LabOptions, 'script'> {
  /** Lines of modparam. */
  readonly parameters?: string;
  /** What the main route does. */
  readonly body: string;
  /** Other routes. */
  readonly routes?: string;
}

/** Who asks whom, where that is not alice herself. */
export interface Addresses {
  readonly from?: string;
  readonly to?: string;
  readonly uri?: string;
}

export class Scene {
  readonly lab: SipLab;
  readonly phone: SipClient;
  readonly nextHop: SipClient;

  private constructor(lab: SipLab, [phone, nextHop]: readonly [SipClient, SipClient]) {
    this.lab = lab;
    this.phone = phone;
    this.nextHop = nextHop;
  }

  static async open(t: TestContext, { parameters = '', body, routes = '', ...options }: Pieces): Promise<Scene> {
    ground ??= layGround({ users: USERS });
    const isApart = options.folder !== undefined || options.users !== undefined || options.tables !== undefined;
    const lab = await sipLab(t, {
      clock: new LabClock(START),
      ...(isApart ? {} : { ground: await ground }),
      ...options,
      script: scriptOf({ parameters, body, routes }),
    });
    return new Scene(lab, [await sipClient(t, lab.udp), await sipClient(t, lab.udp)]);
  }

  /** The answer to a request with these headers. */
  async ask(method: string, headers: readonly string[] = [], addresses: Addresses = {}, body = ''): Promise<string> {
    this.phone.send(this.#request(method, headers, addresses, body));
    const reply = await final(this.phone);
    if (reply === undefined) throw new Error(`no answer to ${method} with ${headers.join()}`);
    return reply;
  }

  /** A MESSAGE as the next hop gets it. */
  async relayed(headers: readonly string[] = [], addresses: Addresses = {}): Promise<string> {
    this.phone.send(this.#request('MESSAGE', headers, { uri: `sip:bob@${this.nextHop.hostPort}`, ...addresses }));
    const message = await this.nextHop.receive();
    if (message === undefined) throw new Error('the next hop gets nothing');
    return message;
  }

  /** The next hop answers what it got. */
  reply(received: string, status: string): void {
    const copied = received.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
    this.nextHop.send(`SIP/2.0 ${status}\r\n${copied.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
  }

  #request(method: string, headers: readonly string[], addresses: Addresses, body = ''): string {
    const { from = `sip:alice@${DOMAIN}`, to = `sip:alice@${DOMAIN}`, uri = `sip:${DOMAIN}` } = addresses;
    return request(this.phone, { method, uri, from, to, branch: newBranch(), headers, body });
  }
}

export function scriptOf({
  parameters = '',
  body,
  routes = '',
}: Pick<Pieces, 'parameters' | 'body' | 'routes'>): string {
  const lines = ['sl', 'tm', 'textops', 'xlog', 'auth', 'auth_db'].map((name) => `loadmodule "${name}.so"`);
  return `${lines.join('\n')}\n${parameters}\nroute {\n${body}\n}\n${routes}\n`;
}

/** That the call is taken in routes of these kinds, and refused with its place in all others. */
export function assertPlaces(call: string, allowed: readonly string[]): void {
  for (const [kind, block, arm] of [
    ['request', 'route[5]', 'route(5);'],
    ['failure', 'failure_route[5]', 't_on_failure("5");'],
    ['branch', 'branch_route[5]', 't_on_branch("5");'],
    ['reply', 'onreply_route[5]', 't_on_reply("5");'],
  ] as const) {
    const text = scriptOf({ body: arm, routes: `${block} {\n  ${call}\n}` });
    const { problems } = loadScript(text, { file: 'ser.cfg', modules });
    const errors = problems.filter(({ severity }) => severity === 'error');
    const line = text.split('\n').indexOf(`  ${call}`) + 1;
    assert.deepEqual(
      errors.map((error) => [error.code, error.line, error.column]),
      allowed.includes(kind) ? [] : [['SCRIPT_FUNCTION', line, 3]],
      `${call} in ${kind}`,
    );
  }
}

/** Tells each result of a `*_authorize` function with a status of its own. */
export const TELL_RESULT = `switch ($retcode) {
    case 1: sl_send_reply("200", "proven"); exit;
    case -1: sl_send_reply("481", "invalid user"); exit;
    case -2: sl_send_reply("482", "invalid password"); exit;
    case -3: sl_send_reply("483", "stale nonce"); exit;
    case -4: sl_send_reply("484", "no credentials"); exit;
    case -5: sl_send_reply("485", "generic error"); exit;
  }; sl_send_reply("500", "something else");`;

/** The header that answers the challenge. */
export function answerTo(challenge: string, method: string, { user, password } = ALICE, nc = 1): string {
  return answer(challenge, method, `sip:${DOMAIN}`, user, password, nc);
}

/** A parameter of the challenge in this response. */
export function parameterOf(response: string, name: string): string | undefined {
  const challenge = header(response, statusOf(response) === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate') ?? '';
  return new RegExp(`${name}="?([^",]*)`).exec(challenge)?.[1];
}
