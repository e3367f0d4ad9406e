/** One torture message with what must come of it. */
export interface TortureCase {
  readonly name: string;
  /** Of RFC 4475, whose case this is in our own words. */
  readonly section?: string;
  readonly text: string;
  /** undefined: processed. A status: refused with it and the reason. 'not sip': not even recognised. */
  readonly fault?: number | 'not sip';
  readonly reason?: string;
  /** Whether a reply can be built; absent: yes for requests other than ACK, no for the rest. */
  readonly reply?: boolean;
}

/** Lines joined and ended by CRLF; an empty last argument makes the empty line that ends the headers. */
export function lines(...parts: string[]): string {
  return parts.join('\r\n').concat('\r\n');
}

export const VIA = 'Via: SIP/2.0/UDP 192.0.2.40:5070;branch=z9hG4bKf00d';
export const FROM = 'From: "Night Desk" <sip:desk@hotel.example>;tag=n1ght';
export const TO = 'To: <sip:kitchen@hotel.example>';
export const CALL_ID = 'Call-ID: 77-desk@192.0.2.40';
export const CONTACT = 'Contact: <sip:desk@192.0.2.40:5070>';

/** A request with the usual headers, some of them replaced (by name and colon) or removed (value ''), and others added. */
export function request(method: string, changes: Record<string, string> = {}, more: string[] = [], body = ''): string {
  const usual: Record<string, string> = {
    start: `${method} sip:kitchen@hotel.example SIP/2.0`,
    via: VIA,
    from: FROM,
    to: TO,
    callId: CALL_ID,
    cseq: `CSeq: 41 ${method}`,
    maxForwards: 'Max-Forwards: 70',
    contact: CONTACT,
    length: `Content-Length: ${body.length}`,
  };
  const head = Object.values({ ...usual, ...changes }).filter((line) => line !== '');
  return lines(...head, ...more, '') + body;
}

export function response(start: string, changes: Record<string, string> = {}): string {
  const usual = {
    via: VIA,
    from: FROM,
    to: `${TO};tag=st0ve`,
    callId: CALL_ID,
    cseq: 'CSeq: 41 INVITE',
    length: 'l: 0',
  };
  const head = Object.values({ ...usual, ...changes }).filter((line) => line !== '');
  return lines(start, ...head, '');
}
