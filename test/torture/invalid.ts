/** Wrong: the cases of RFC 4475 sections 3.1.2 and 3.3 in our own words, and what else comes from broken or hostile senders. */
import { CALL_ID, FROM, lines, request, response, TO, type TortureCase, VIA } from './case.ts';

const HUGE = '9'.repeat(40);
const start = (line: string, method = 'OPTIONS') => request(method, { start: line });

export const INVALID: readonly TortureCase[] = [
  // Start lines.
  {
    name: 'angle brackets around the Request-URI',
    text: start('OPTIONS <sip:a@hotel.example> SIP/2.0'),
    fault: 400,
    reason: 'Bad Request-URI',
  },
  {
    name: 'a space in the Request-URI',
    text: start('OPTIONS sip:a@hotel.example; lr SIP/2.0'),
    fault: 400,
    reason: 'Bad Request-URI',
  },
  {
    name: 'two spaces in the Request-Line',
    text: start('OPTIONS  sip:a@hotel.example  SIP/2.0'),
    fault: 400,
    reason: 'Bad Spaces In Request-Line',
  },
  {
    name: 'spaces behind the Request-Line',
    text: start('OPTIONS sip:a@hotel.example SIP/2.0  '),
    fault: 400,
    reason: 'Bad Spaces In Request-Line',
  },
  {
    name: 'headers in the Request-URI',
    text: start('OPTIONS sip:a@hotel.example?Route=%3Csip:b%3E SIP/2.0'),
    fault: 400,
    reason: 'Bad Request-URI',
  },
  { name: 'no Request-URI', text: start('OPTIONS SIP/2.0'), fault: 400, reason: 'Bad Spaces In Request-Line' },
  {
    name: 'a Request-URI without scheme',
    text: start('OPTIONS hotel.example SIP/2.0'),
    fault: 400,
    reason: 'Bad Request-URI',
  },
  {
    name: 'a Request-URI without host',
    text: start('OPTIONS sip:desk@ SIP/2.0'),
    fault: 400,
    reason: 'Bad Request-URI',
  },
  {
    name: 'a port out of range',
    text: start('OPTIONS sip:hotel.example:65536 SIP/2.0'),
    fault: 400,
    reason: 'Bad Request-URI',
  },
  {
    name: 'an IPv6 reference that does not end',
    text: start('OPTIONS sip:[2001:db8::1 SIP/2.0'),
    fault: 400,
    reason: 'Bad Request-URI',
  },
  {
    name: 'a scheme unheard of',
    text: start('OPTIONS nobodyKnows:what SIP/2.0'),
    fault: 416,
    reason: 'Unsupported URI Scheme',
  },
  {
    name: 'a scheme for something else',
    text: start('OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0'),
    fault: 416,
    reason: 'Unsupported URI Scheme',
  },
  {
    name: 'a version to come',
    text: start('OPTIONS sip:a@hotel.example SIP/7.0'),
    fault: 505,
    reason: 'Version Not Supported',
  },
  {
    name: 'a method that is no token',
    text: start('OPT<IONS sip:a@hotel.example SIP/2.0'),
    fault: 400,
    reason: 'Bad Method',
  },
  {
    name: 'an overlarge status',
    text: response('SIP/2.0 4294967301 better not break'),
    fault: 400,
    reason: 'Bad Status Code',
  },
  { name: 'a status of two digits', text: response('SIP/2.0 20 OK'), fault: 400, reason: 'Bad Status Code' },
  { name: 'a negative status', text: response('SIP/2.0 -200 OK'), fault: 400, reason: 'Bad Status Code' },
  { name: 'a status of letters', text: response('SIP/2.0 OK'), fault: 400, reason: 'Bad Status Code' },
  {
    name: 'a response of another version',
    text: response('SIP/3.1 200 OK'),
    fault: 505,
    reason: 'Version Not Supported',
  },

  // Required headers.
  {
    name: 'no Call-ID, From or To',
    text: lines('INVITE sip:a@hotel.example SIP/2.0', VIA, 'CSeq: 193942 INVITE', ''),
    fault: 400,
    reason: 'Missing From Header',
    reply: false,
  },
  { name: 'no Via', text: request('OPTIONS', { via: '' }), fault: 400, reason: 'Missing Via Header', reply: false },
  {
    name: 'no Call-ID',
    text: request('OPTIONS', { callId: '' }),
    fault: 400,
    reason: 'Missing Call-ID Header',
    reply: false,
  },
  { name: 'no To', text: request('OPTIONS', { to: '' }), fault: 400, reason: 'Missing To Header', reply: false },
  { name: 'no CSeq', text: request('OPTIONS', { cseq: '' }), fault: 400, reason: 'Missing CSeq Header', reply: false },
  {
    name: 'two of each',
    text: request('OPTIONS', {}, ['From: <sip:b@example.net>', 'To: <sip:b@example.net>', 'CSeq: 2 INVITE', 'i: 9']),
    fault: 400,
    reason: 'Multiple From Headers',
  },
  {
    name: 'two Call-IDs, one compact',
    text: request('OPTIONS', {}, ['i: 9']),
    fault: 400,
    reason: 'Multiple Call-ID Headers',
  },
  {
    name: 'two CSeqs',
    text: request('OPTIONS', {}, ['CSeq: 41 OPTIONS']),
    fault: 400,
    reason: 'Multiple CSeq Headers',
  },
  {
    name: 'two To',
    text: request('OPTIONS', {}, ['t: <sip:b@example.net>']),
    fault: 400,
    reason: 'Multiple To Headers',
  },
  {
    name: 'an empty Call-ID',
    text: request('OPTIONS', { callId: 'Call-ID:' }),
    fault: 400,
    reason: 'Bad Call-ID Header',
    reply: false,
  },
  {
    name: 'a Call-ID of two words',
    text: request('OPTIONS', { callId: 'Call-ID: a b' }),
    fault: 400,
    reason: 'Bad Call-ID Header',
  },
  {
    name: 'a start line alone',
    text: 'OPTIONS sip:a@hotel.example SIP/2.0\r\n\r\n',
    fault: 400,
    reason: 'Missing Via Header',
    reply: false,
  },

  // Via.
  {
    name: 'separators too many in Via',
    text: request('INVITE', { via: 'Via: SIP/2.0/UDP 192.0.2.15;;,;,,' }),
    fault: 400,
    reason: 'Bad Via Header',
    reply: false,
  },
  {
    name: 'an empty Via',
    text: request('INVITE', { via: 'Via:' }),
    fault: 400,
    reason: 'Bad Via Header',
    reply: false,
  },
  {
    name: 'a Via of another version',
    text: request('INVITE', { via: 'Via: SIP/1.0/UDP 192.0.2.15' }),
    fault: 400,
    reason: 'Bad Via Header',
    reply: false,
  },
  {
    name: 'a Via without host',
    text: request('INVITE', { via: 'Via: SIP/2.0/UDP ;branch=z9hG4bK1' }),
    fault: 400,
    reason: 'Bad Via Header',
    reply: false,
  },
  {
    name: 'a Via port of six digits',
    text: request('INVITE', { via: 'Via: SIP/2.0/UDP a.example:506000' }),
    fault: 400,
    reason: 'Bad Via Header',
    reply: false,
  },
  {
    name: 'a Via rport that is no number',
    text: request('INVITE', { via: 'Via: SIP/2.0/UDP a.example;rport=x' }),
    fault: 400,
    reason: 'Bad Via Header',
    reply: false,
  },

  // CSeq, Max-Forwards.
  {
    name: 'an overlarge CSeq',
    text: request('REGISTER', { cseq: 'CSeq: 36893488147419103232 REGISTER' }),
    fault: 400,
    reason: 'Bad CSeq Header',
  },
  {
    name: 'CSeq 2^31',
    text: request('REGISTER', { cseq: 'CSeq: 2147483648 REGISTER' }),
    fault: 400,
    reason: 'Bad CSeq Header',
  },
  {
    name: 'a negative CSeq',
    text: request('REGISTER', { cseq: 'CSeq: -1 REGISTER' }),
    fault: 400,
    reason: 'Bad CSeq Header',
  },
  {
    name: 'a CSeq without method',
    text: request('REGISTER', { cseq: 'CSeq: 1' }),
    fault: 400,
    reason: 'Bad CSeq Header',
  },
  {
    name: 'a CSeq without number',
    text: request('REGISTER', { cseq: 'CSeq: REGISTER' }),
    fault: 400,
    reason: 'Bad CSeq Header',
  },
  {
    name: 'overlarge numbers in a response',
    text: response('SIP/2.0 503 Service Unavailable', { cseq: `CSeq: ${HUGE} OPTIONS` }),
    fault: 400,
    reason: 'Bad CSeq Header',
  },
  {
    name: 'a CSeq of another method',
    text: request('OPTIONS', { cseq: 'CSeq: 8 INVITE' }),
    fault: 400,
    reason: 'CSeq Method Does Not Match',
  },
  {
    name: 'an unknown method and a CSeq of another',
    text: request('NEWMETHOD', { cseq: 'CSeq: 8 INVITE' }),
    fault: 400,
    reason: 'CSeq Method Does Not Match',
  },
  {
    name: 'Max-Forwards above 255',
    text: request('OPTIONS', { maxForwards: 'Max-Forwards: 300' }),
    fault: 400,
    reason: 'Bad Max-Forwards Header',
  },
  {
    name: 'an absurd Max-Forwards',
    text: request('OPTIONS', { maxForwards: `Max-Forwards: ${HUGE}` }),
    fault: 400,
    reason: 'Bad Max-Forwards Header',
  },
  {
    name: 'a negative Max-Forwards',
    text: request('OPTIONS', { maxForwards: 'Max-Forwards: -1' }),
    fault: 400,
    reason: 'Bad Max-Forwards Header',
  },
  {
    name: 'two Max-Forwards',
    text: request('OPTIONS', {}, ['Max-Forwards: 1']),
    fault: 400,
    reason: 'Multiple Max-Forwards Headers',
  },

  // From, To, Contact.
  {
    name: 'a quote in To that does not end',
    text: request('INVITE', { to: 'To: "Mr. Cook <sip:kitchen@hotel.example>' }),
    fault: 400,
    reason: 'Bad To Header',
  },
  {
    name: 'spaces within the brackets',
    text: request('OPTIONS', { to: 'To: "Cook, Head" < sip:kitchen@hotel.example >' }),
    fault: 400,
    reason: 'Bad To Header',
  },
  {
    name: 'a comma in a name without quotes',
    text: request('OPTIONS', { from: 'From: Desk, Night <sip:desk@hotel.example>;tag=43' }),
    fault: 400,
    reason: 'Bad From Header',
  },
  {
    name: 'two values in From',
    text: request('OPTIONS', { from: 'From: <sip:a@hotel.example>;tag=1, <sip:b@hotel.example>' }),
    fault: 400,
    reason: 'Bad From Header',
  },
  {
    name: 'an empty From',
    text: request('OPTIONS', { from: 'From: ' }),
    fault: 400,
    reason: 'Bad From Header',
    reply: false,
  },
  { name: 'a star as To', text: request('OPTIONS', { to: 'To: *' }), fault: 400, reason: 'Bad To Header' },
  {
    name: 'brackets that do not close',
    text: request('OPTIONS', { to: 'To: <sip:kitchen@hotel.example' }),
    fault: 400,
    reason: 'Bad To Header',
  },
  {
    name: 'text behind the brackets',
    text: request('OPTIONS', { to: 'To: <sip:kitchen@hotel.example> hello' }),
    fault: 400,
    reason: 'Bad To Header',
  },
  {
    name: 'a To URI without host',
    text: request('OPTIONS', { to: 'To: <sip:>' }),
    fault: 400,
    reason: 'Bad To Header',
  },
  {
    name: 'a Contact with headers and no brackets',
    text: request('REGISTER', { contact: 'Contact: sip:desk@hotel.example?Route=%3Csip:edge.example%3E' }),
    fault: 400,
    reason: 'Bad Contact Header',
  },
  {
    name: 'a Contact list that ends in a comma',
    text: request('REGISTER', { contact: 'Contact: <sip:a@b>,' }),
    fault: 400,
    reason: 'Bad Contact Header',
  },
  {
    name: 'a quote in a Contact parameter that does not end',
    text: request('REGISTER', { contact: 'Contact: <sip:a@b>;x="y' }),
    fault: 400,
    reason: 'Bad Contact Header',
  },

  // Lengths.
  {
    name: 'a body shorter than promised',
    text: request('INVITE', { length: 'Content-Length: 9999' }, [], 'v=0\r\n'),
    fault: 400,
    reason: 'Content-Length Exceeds Message',
  },
  {
    name: 'a body one byte short',
    text: request('INVITE', { length: 'l: 4' }, [], 'v=0'),
    fault: 400,
    reason: 'Content-Length Exceeds Message',
  },
  {
    name: 'a negative length',
    text: request('INVITE', { length: 'Content-Length: -999' }, [], 'v=0\r\n'),
    fault: 400,
    reason: 'Bad Content-Length Header',
  },
  {
    name: 'an absurd length',
    text: request('INVITE', { length: `Content-Length: ${HUGE}` }),
    fault: 400,
    reason: 'Bad Content-Length Header',
  },
  {
    name: 'a length in words',
    text: request('INVITE', { length: 'Content-Length: some' }),
    fault: 400,
    reason: 'Bad Content-Length Header',
  },
  {
    name: 'an empty length',
    text: request('INVITE', { length: 'Content-Length:' }),
    fault: 400,
    reason: 'Bad Content-Length Header',
  },
  {
    name: 'several lengths',
    text: request('OPTIONS', {}, ['Content-Length: 13', 'l: 5'], 'There is one?'),
    fault: 400,
    reason: 'Multiple Content-Length Headers',
  },

  // Lines and characters.
  {
    name: 'a line without colon',
    text: request('OPTIONS', {}, ['what is this']),
    fault: 400,
    reason: 'Malformed Header Line 9',
  },
  {
    name: 'a line without name',
    text: request('OPTIONS', {}, [': value']),
    fault: 400,
    reason: 'Malformed Header Line 9',
  },
  {
    name: 'a name that is no token',
    text: request('OPTIONS', {}, ['X@Y: value']),
    fault: 400,
    reason: 'Malformed Header Line 9',
  },
  {
    name: 'a fold below the start line',
    text: lines('OPTIONS sip:a@hotel.example SIP/2.0', ` ${VIA}`, FROM, TO, CALL_ID, 'CSeq: 1 OPTIONS', ''),
    fault: 400,
    reason: 'Malformed Header Line 1',
    reply: false,
  },
  { name: 'NUL in a value', text: request('OPTIONS', {}, ['Subject: a\0b']), fault: 400, reason: 'NUL In Header' },
  {
    name: 'a bare CR in a value',
    text: request('OPTIONS', {}, ['Subject: a\rVia: SIP/2.0/UDP 192.0.2.66']),
    fault: 400,
    reason: 'Bare CR In Header',
  },
  { name: 'no empty line', text: request('OPTIONS').slice(0, -2), fault: 400, reason: 'Headers Without End' },
  {
    name: 'cut in a header',
    text: request('OPTIONS').slice(0, 180),
    fault: 400,
    reason: 'Headers Without End',
    reply: false,
  },
  {
    name: 'cut behind the start line',
    text: 'OPTIONS sip:a@hotel.example SIP/2.0',
    fault: 400,
    reason: 'Headers Without End',
    reply: false,
  },

  // Size.
  {
    name: 'ten thousand header lines',
    text: request(
      'OPTIONS',
      {},
      Array.from({ length: 10_000 }, (_, i) => `X-${i}: y`),
    ),
    fault: 400,
    reason: 'Too Many Header Lines',
  },
  {
    name: 'ten thousand Via lines',
    text: request(
      'OPTIONS',
      {},
      Array.from({ length: 10_000 }, () => VIA),
    ),
    fault: 400,
    reason: 'Too Many Header Lines',
  },
  {
    name: 'ten thousand folds of nothing',
    text: request('OPTIONS', {}, ['X: y', ...Array.from({ length: 10_000 }, () => ' ')]),
  },
  { name: 'a header of 64 KiB', text: request('OPTIONS', {}, [`X-Long: ${'x'.repeat(65_536)}`]) },
  { name: 'a name of 64 KiB', text: request('OPTIONS', {}, [`${'x'.repeat(65_536)}: y`]) },
  {
    name: 'a From of 64 KiB of quotes',
    text: request('OPTIONS', { from: `From: ${'"'.repeat(65_536)}` }),
    fault: 400,
    reason: 'Bad From Header',
  },
  {
    name: 'a From of 64 KiB of backslashes',
    text: request('OPTIONS', { from: `From: "${'\\'.repeat(65_536)}` }),
    fault: 400,
    reason: 'Bad From Header',
  },
  { name: 'a Request-URI of 64 KiB', text: start(`OPTIONS sip:${'a'.repeat(65_536)}@hotel.example SIP/2.0`) },
  {
    name: 'a Via of ten thousand values',
    text: request('OPTIONS', { via: `${VIA}${`, ${VIA.slice(5)}`.repeat(10_000)}` }),
  },
  {
    name: 'a Contact of ten thousand commas',
    text: request('REGISTER', { contact: `Contact: <sip:a@b>${','.repeat(10_000)}` }),
    fault: 400,
    reason: 'Bad Contact Header',
  },

  // Not SIP.
  { name: 'nothing', text: '', fault: 'not sip' },
  { name: 'keep-alive', text: '\r\n\r\n', fault: 'not sip' },
  { name: 'a NUL byte', text: '\0', fault: 'not sip' },
  { name: 'HTTP', text: lines('GET / HTTP/1.1', 'Host: hotel.example', ''), fault: 'not sip' },
  { name: 'CR only', text: request('OPTIONS').replaceAll('\n', ''), fault: 'not sip' },
  {
    name: 'binary',
    text: Array.from({ length: 2048 }, (_, i) => String.fromCharCode((i * 167 + (i >> 3)) & 255)).join(''),
    fault: 'not sip',
  },
  { name: 'a STUN request', text: '\0\x01\0\0\x21\x12\xA4\x42abcdefghijkl', fault: 'not sip' },
  { name: 'one long line', text: 'a'.repeat(65_536), fault: 'not sip' },
  { name: 'a version alone', text: ' SIP/2.0\r\n\r\n', fault: 'not sip' },
];
