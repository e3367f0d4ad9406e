/** What telephones send in a registration and in a call, as text, and what they read from the replies. */
import { digestResponse } from '../src/core/proofs/digest.ts';
import { digestHa1 } from '../src/core/proofs/digest-hash.ts';

export const PHONES = '127.0.0.1';
export const PHONES_PORT = 5070;
const CALLEES_PORT = 5071;
const SDP = `v=0\r\no=- 1 1 IN IP4 ${PHONES}\r\ns=call\r\nc=IN IP4 ${PHONES}\r\nt=0 0\r\nm=audio 7000 RTP/AVP 8\r\n`;

let branches = 0;

export function registerText(domain: string, user: string, flow: number, credentials = ''): string {
  return lines(
    `REGISTER sip:${domain} SIP/2.0`,
    newVia(),
    'Max-Forwards: 70',
    `From: <sip:${user}@${domain}>;tag=4711t${flow}`,
    `To: <sip:${user}@${domain}>`,
    `Call-ID: ${flow}-4711@${PHONES}`,
    `CSeq: ${credentials === '' ? 1 : 2} REGISTER`,
    ...(credentials === '' ? [] : [credentials]),
    `Contact: <sip:${user}@${PHONES}:${CALLEES_PORT}>`,
    'Expires: 1800',
    'Content-Length: 0',
  );
}

export function inviteText(domain: string, caller: string, callee: string, flow: number, credentials = ''): string {
  const head = lines(
    `INVITE sip:${callee}@${domain} SIP/2.0`,
    newVia(),
    'Max-Forwards: 70',
    `From: <sip:${caller}@${domain}>;tag=4711t${flow}`,
    `To: <sip:${callee}@${domain}>`,
    `Call-ID: c${flow}-4711@${PHONES}`,
    `CSeq: ${credentials === '' ? 1 : 2} INVITE`,
    ...(credentials === '' ? [] : [credentials]),
    `Contact: <sip:${caller}@${PHONES}:${PHONES_PORT}>`,
    'Content-Type: application/sdp',
    `Content-Length: ${SDP.length}`,
  );
  return head + SDP;
}

/** The ACK to a refusal, which belongs to the INVITE's transaction. */
export function refusedAckText(invite: string, refusal: string): string {
  return lines(
    invite.slice(0, invite.indexOf('\r\n')).replace('INVITE', 'ACK'),
    line(invite, 'Via'),
    'Max-Forwards: 70',
    line(invite, 'From'),
    line(refusal, 'To'),
    line(invite, 'Call-ID'),
    'CSeq: 1 ACK',
    'Content-Length: 0',
  );
}

/** A request within the call that this 200 has opened: to its contact, along its route. */
export function inCallText(method: string, cseq: number, ok: string): string {
  return lines(
    `${method} ${/^Contact: <(.*)>/m.exec(ok)![1]} SIP/2.0`,
    newVia(),
    'Max-Forwards: 70',
    line(ok, 'From'),
    line(ok, 'To'),
    line(ok, 'Call-ID'),
    `CSeq: ${cseq} ${method}`,
    line(ok, 'Record-Route').replace('Record-Route', 'Route'),
    'Content-Length: 0',
  );
}

/** What the called side says to the INVITE or BYE. */
export function answerText(request: string, status: string, withSdp: boolean): string {
  const tag = line(request, 'To').includes(';tag=') ? '' : ';tag=4712a';
  const route = request.includes('Record-Route:') ? [line(request, 'Record-Route')] : [];
  const head = lines(
    `SIP/2.0 ${status}`,
    ...request.split('\r\n').filter((one) => one.startsWith('Via:')),
    ...route,
    line(request, 'From'),
    line(request, 'To') + tag,
    line(request, 'Call-ID'),
    line(request, 'CSeq'),
    `Contact: <sip:${PHONES}:${CALLEES_PORT}>`,
    ...(withSdp ? ['Content-Type: application/sdp'] : []),
    `Content-Length: ${withSdp ? SDP.length : 0}`,
  );
  return withSdp ? head + SDP : head;
}

/** The header line that answers the challenge in a 401 or 407, as sipp writes it. */
export function credentialsFor(
  challenge: string,
  method: string,
  user: string,
  domain: string,
  password: string,
): string {
  const nonce = /nonce="([^"]*)"/.exec(challenge)![1]!;
  const realm = /realm="([^"]*)"/.exec(challenge)![1]!;
  const name = challenge.includes('\nProxy-Authenticate:') ? 'Proxy-Authorization' : 'Authorization';
  const uri = `sip:${domain}`;
  const proof = {
    kind: 'digest',
    algorithm: 'MD5',
    username: user,
    realm,
    nonce,
    uri,
    method,
    qop: undefined,
  } as const;
  const rest = { cnonce: '', nc: '', ncValue: 0, body: '', replay: 'none', expired: false } as const;
  const response = digestResponse({ ...proof, ...rest }, digestHa1(user, realm, password, 'MD5'));
  return `${name}: Digest username="${user}",realm="${realm}",uri="${uri}",nonce="${nonce}",response="${response}",algorithm=MD5`;
}

function newVia(): string {
  return `Via: SIP/2.0/UDP ${PHONES}:${PHONES_PORT};branch=z9hG4bK-4711-${++branches}-0`;
}

function line(message: string, name: string): string {
  const start = message.indexOf(`\r\n${name}: `) + 2;
  return message.slice(start, message.indexOf('\r\n', start));
}

function lines(...all: string[]): string {
  return `${all.join('\r\n')}\r\n\r\n`;
}
