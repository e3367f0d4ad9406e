/**
 * Telephones that do everything at once, and much of it wrong: they register, call, answer, cancel, repeat themselves and answer what
 * nobody asked. What they do next depends on what the server said, so dialogs grow; one message of four is broken on its way. The same
 * seed does the same as long as the server does.
 */
import type { SipMessage } from '../../src/doors/sip/message/message.ts';
import { parseMessage } from '../../src/doors/sip/message/parse.ts';
import type { Target } from '../../src/doors/sip/transport/types.ts';
import { answer, header } from '../sip-client.ts';
import { DOMAIN } from '../sip-lab.ts';
import { generator, mutate, mutations, pick, type Random } from './mutate.ts';

export const SERVER = '192.0.2.13:5060';
const TELEPHONES = 24;
/** What is remembered to be answered, repeated or cancelled. */
const MEMORY = 64;

export interface Telephone {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export const telephones: readonly Telephone[] = Array.from({ length: TELEPHONES }, (_, i) => ({
  name: `u${i}`,
  address: `198.51.100.${i + 1}`,
  port: 5060 + i,
}));

export function passwordOf({ name }: Telephone): string {
  return `secret of ${name}`;
}

export const PASSWORDS = Object.fromEntries(telephones.map((phone) => [phone.name, passwordOf(phone)]));

export interface Sent {
  readonly text: string;
  readonly from: Telephone;
}

interface Heard {
  readonly text: string;
  readonly message: SipMessage;
  readonly by: Telephone;
}

const METHODS = [
  'OPTIONS',
  'MESSAGE',
  'SUBSCRIBE',
  'NOTIFY',
  'BYE',
  'INFO',
  'PRACK',
  'UPDATE',
  'REFER',
  'CANCEL',
  'ACK',
  'NEW',
];
const ANSWERS = [100, 180, 183, 200, 200, 200, 202, 302, 401, 404, 407, 408, 480, 486, 487, 503, 600, 699];

export class Telephones {
  readonly #random: Random;
  readonly #broken: Iterator<string>;
  readonly #sent: Sent[] = [];
  readonly #heard: Heard[] = [];
  #serial = 0;

  constructor(seed: number) {
    this.#random = generator(seed);
    this.#broken = mutations(seed, Number.POSITIVE_INFINITY)[Symbol.iterator]();
  }

  hear(text: string, { address, port }: Target): void {
    const message = parseMessage(text);
    const by = telephones.find((phone) => phone.address === address && phone.port === port);
    if (message && by) remember(this.#heard, { text, message, by });
  }

  /** The next message that goes to the server. */
  next(): Sent {
    const random = this.#random;
    const kind = random(16);
    let sent: Sent;
    if (kind < 2) sent = this.#register();
    else if (kind < 4) sent = this.#invite();
    else if (kind === 4) sent = this.#other();
    else if (kind === 5) sent = pick(this.#sent, random) ?? this.#register();
    else if (kind === 6) sent = this.#cancel();
    else if (kind === 7) sent = { text: this.#broken.next().value ?? '', from: this.#someone() };
    else sent = this.#react() ?? this.#register();
    if (random(4) === 0) sent = { ...sent, text: mutate(sent.text, random) };
    remember(this.#sent, sent);
    return sent;
  }

  #someone(): Telephone {
    return pick(telephones, this.#random);
  }

  #register(): Sent {
    const from = this.#someone();
    const to = this.#random(8) === 0 ? this.#someone() : from;
    const contact = pick(
      [
        `Contact: <sip:${from.name}@${from.address}:${from.port}>`,
        `m: "A, B" <sip:${from.name}@${from.address}:${from.port};transport=udp>;q=0.5;expires=60, <sip:x@y.example>`,
        'Contact: *\r\nExpires: 0',
        'Contact: <sip:host.example>;expires=99999999999',
        'X: no Contact',
        `Contact: <sip:${from.name}@${from.address}:${from.port}>;expires=0`,
      ],
      this.#random,
    );
    return this.#request(from, 'REGISTER', `sip:${DOMAIN}`, `sip:${to.name}@${DOMAIN}`, [contact]);
  }

  #invite(): Sent {
    const from = this.#someone();
    const to = this.#someone();
    const uri = pick(
      [
        `sip:${to.name}@${DOMAIN}`,
        `sip:${to.name}@${DOMAIN}`,
        `sip:${to.name}@${DOMAIN}`,
        `sip:nobody@${DOMAIN}`,
        'sip:a@far.example',
        `sip:${to.name}@${to.address}:${to.port}`,
        'tel:+3212345',
      ],
      this.#random,
    );
    return this.#request(
      from,
      'INVITE',
      uri,
      uri,
      [`Contact: <sip:${from.name}@${from.address}:${from.port}>`, ...this.#routes()],
      'v=0\r\n',
    );
  }

  #other(): Sent {
    const to = this.#someone();
    const uri = pick(
      [`sip:${to.name}@${DOMAIN}`, `sip:${DOMAIN}`, `sip:${SERVER}`, `sip:${to.address}:${to.port}`],
      this.#random,
    );
    return this.#request(this.#someone(), pick(METHODS, this.#random), uri, `${uri};tag=z`, this.#routes());
  }

  #routes(): string[] {
    if (this.#random(4) > 0) return [];
    const routes = [
      '<sip:192.0.2.13;lr>',
      '<sip:192.0.2.13;lr=on>',
      `<sip:${SERVER}>`,
      '<sip:198.51.100.3:5062;lr>',
      '<sip:far.example;lr>',
      '<>',
    ];
    return Array.from(
      { length: 1 + this.#random(3) },
      () => `${pick(['Route', 'Record-Route'], this.#random)}: ${pick(routes, this.#random)}`,
    );
  }

  #cancel(): Sent {
    const invite = this.#sent.findLast(({ text }) => text.startsWith('INVITE '));
    if (invite === undefined) return this.#invite();
    const text = invite.text.replace('INVITE ', 'CANCEL ').replace(/^CSeq: (\d+) INVITE/m, 'CSeq: $1 CANCEL');
    return {
      ...invite,
      text: text.slice(0, text.indexOf('\r\n\r\n') + 4).replace(/^Content-Length: .*$/m, 'Content-Length: 0'),
    };
  }

  #react(): Sent | undefined {
    // Mostly what came last.
    const back = Math.min(this.#random(8), this.#random(MEMORY));
    const heard = this.#heard.at(-1 - back);
    if (heard === undefined) return undefined;
    return heard.message.isRequest ? this.#respond(heard) : this.#goOn(heard);
  }

  #respond({ text, message, by }: Heard): Sent | undefined {
    if (message.method === 'ACK') return undefined;
    const status = pick(ANSWERS, this.#random);
    const twist = this.#random(12);
    const lines = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq|Record-Route):/i.test(line));
    const copied = lines
      .filter((line, at) => twist !== 0 || at > 0 || !/^Via/i.test(line))
      .map((line) => (/^To:/i.test(line) && !line.includes('tag=') ? `${line};tag=${by.name}` : line))
      .map((line) => (twist === 1 ? line.replace('z9hG4bK', 'z9hG4bKx') : line))
      .map((line) => (twist === 2 ? line.replace(/^CSeq: (\d+) .*/i, 'CSeq: $1 BYE') : line));
    if (twist === 3) copied.push(...copied);
    const more = status === 401 || status === 407 ? ['WWW-Authenticate: Digest realm="r", nonce="n"'] : [];
    const contact = `Contact: <sip:${by.name}@${by.address}:${by.port}>`;
    return {
      from: by,
      text: [`SIP/2.0 ${status} Whatever`, ...copied, contact, ...more, 'Content-Length: 0', '', ''].join('\r\n'),
    };
  }

  /** What follows a response: credentials, ACK, BYE. */
  #goOn({ text, message, by }: Heard): Sent | undefined {
    const { status, cseq, via, callId } = message;
    if (status < 200 || cseq === undefined || via === undefined) return undefined;
    const method = cseq.method;
    const [from, to] = [header(text, 'From') ?? '', header(text, 'To') ?? ''];
    const uri = method === 'REGISTER' ? `sip:${DOMAIN}` : (/<([^>]*)>/.exec(to)?.[1] ?? `sip:${DOMAIN}`);
    const routes = text.split('\r\n').filter((line) => line.startsWith('Record-Route:'));
    const about = { callId, from, to, headers: routes.map((line) => line.slice('Record-'.length)) };
    if ((status === 401 || status === 407) && this.#random(4) > 0) {
      const password = this.#random(8) === 0 ? 'wrong' : passwordOf(by);
      const credentials = answer(text, method, uri, by.name, password, 1 + this.#random(3));
      const contact = `Contact: <sip:${by.name}@${by.address}:${by.port}>`;
      const toUntagged = to.replace(/;tag=.*$/, '');
      return this.#raw(by, method, uri, {
        ...about,
        to: toUntagged,
        cseq: cseq.number + 1,
        headers: [credentials, contact],
      });
    }
    if (method !== 'INVITE') return undefined;
    const target = /<([^>]*)>/.exec(header(text, 'Contact') ?? '')?.[1] ?? uri;
    if (status < 300 && this.#random(2) === 0) return this.#raw(by, 'BYE', target, { ...about, cseq: cseq.number + 1 });
    return this.#raw(by, 'ACK', target, {
      ...about,
      cseq: cseq.number,
      ...(status < 300 ? {} : { branch: via.branch }),
    });
  }

  #request(by: Telephone, method: string, uri: string, to: string, headers: string[], body = ''): Sent {
    const serial = ++this.#serial;
    const from = `<sip:${by.name}@${DOMAIN}>;tag=f${serial}`;
    return this.#raw(by, method, uri, { callId: `call-${serial}`, from, to: `<${to}>`, cseq: 1, headers, body });
  }

  #raw(
    by: Telephone,
    method: string,
    uri: string,
    about: {
      callId: string;
      from: string;
      to: string;
      cseq: number;
      headers: string[];
      branch?: string;
      body?: string;
    },
  ): Sent {
    const { callId, from, to, cseq, headers, branch = `z9hG4bK${++this.#serial}`, body = '' } = about;
    const text = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${by.address}:${by.port};branch=${branch}${this.#random(2) === 0 ? ';rport' : ''}`,
      'Max-Forwards: 70',
      `From: ${from}`,
      `To: ${to}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      ...headers,
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
    return { text, from: by };
  }
}

function remember<T>(list: T[], one: T): void {
  list.push(one);
  if (list.length > MEMORY) list.shift();
}
