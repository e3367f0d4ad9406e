/** Strange but right: the cases of RFC 4475 sections 3.1.1, 3.2 to 3.4 in our own words, and some more. */
import { CALL_ID, lines, request, response, type TortureCase, VIA } from './case.ts';

const SDP = 'v=0\r\no=desk 1 1 IN IP4 192.0.2.40\r\ns=-\r\nc=IN IP4 192.0.2.40\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';

export const VALID: readonly TortureCase[] = [
  {
    name: 'white space, folds, compact names and any case, all at once',
    section: '3.1.1.1',
    text: lines(
      'INVITE sip:guest@rooms.hotel.example;floorplan SIP/2.0',
      't   :',
      '\t sip:guest@rooms.hotel.example ;    tag   =  77ab',
      'FROM  : "Clerk \\\\\\""      <sip:clerk@hotel.example>',
      '  ;',
      ' tag = 0a0b0c',
      'mAx-FoRwArDs: 0070',
      'I:fold.1@192.0.2.40',
      'cOnTeNt-LeNgTh   : 4',
      'cseq: 0007',
      '  INVITE',
      'v  : SIP  /   2.0',
      ' /UDP',
      '    192.0.2.40;branch=qwertz',
      's :',
      'X-Unheard-Of:   one',
      ' two   three',
      'X-Only-Separators: ;;,,;;,;',
      'c: text/plain',
      'Route:',
      ' <sip:edge.hotel.example;lr;odd=param;odder>',
      'V:  SIP  / 2.0  / TCP     edge.hotel.example   ;',
      '  branch  =   z9hG4bK9x8y7z  ,',
      ' SIP  /    2.0   / UDP  192.0.2.99   ; branch=',
      ' z9hG4bK30200',
      'm:"Quoted \\"\\"" <sip:clerk@192.0.2.40> ; fresh =',
      '      yes ;',
      '  other ; q = 0.33',
      '',
    ).concat('body'),
  },
  {
    name: 'every character that a method, a user and a token may have',
    section: '3.1.1.2',
    text: lines(
      "!strange-Verb0123456789_*+`.%ring'~ sip:9_odd.User~(may-be!so)&has't+it$/mad?,/;;*:&p+w=1,d!*s$d~t_(isn't)@hotel.example SIP/2.0",
      "Via: SIP/2.0/TCP pbx.hotel.example;branch=z9hG4bK-.!%66*_+`'~",
      'To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7F" <sip:9_odd.User~(may-be!so)&has\'t+it$/mad?,/;;*@hotel.example>',
      "From: word1~` word2'+_ word3*%!.- <sip:plain@hotel.example>;fromParam''~+*_!.-%=\"\xD1\x80\";tag=_t*k.3~n'`!-+",
      'Call-ID: odd.%ID-(x)<@>:\\/"[]?{}\'`~!*_+.-',
      "CSeq: 139122385 !strange-Verb0123456789_*+`.%ring'~",
      'Max-Forwards: 255',
      "extension-Header!-.%*+_`'~:\xEF\xBB\xBF\xE5\xA4\xA7",
      'Content-Length: 0',
      '',
    ),
  },
  {
    name: 'escapes in user and parameters',
    section: '3.1.1.3',
    text: request('INVITE', {
      start: 'INVITE sip:sips%3Adesk%40hotel.example@hotel.example SIP/2.0',
      to: 'To: sip:%64esk@hotel.example',
      contact: 'Contact: <sip:c%61ller@192.0.2.40;%6C%72;n%61me=v%61lue%25%34%31>',
    }),
  },
  {
    name: 'escaped NUL in URIs',
    section: '3.1.1.4',
    text: request('REGISTER', {
      start: 'REGISTER sip:hotel.example SIP/2.0',
      from: 'From: sip:nothing-%00-there@hotel.example;tag=9',
      to: 'To: sip:nothing-%00-there@hotel.example',
      contact: 'Contact: <sip:%00@192.0.2.40>',
    }),
  },
  {
    name: 'percent signs that escape nothing, in method and display name',
    section: '3.1.1.5',
    text: request('R%45ADY%', {
      start: 'R%45ADY% sip:hotel.example SIP/2.0',
      to: 'To: "100%Z%45" <sip:kitchen@hotel.example>',
    }),
  },
  {
    name: 'no space between display name and bracket',
    section: '3.1.1.6',
    text: request('OPTIONS', { from: 'From: clerk<sip:clerk@hotel.example>;tag=3' }),
  },
  {
    name: 'very long values',
    section: '3.1.1.7',
    text: request(
      'INVITE',
      {
        start: `INVITE sip:${'corridor'.repeat(40)}@hotel.example;${'p'.repeat(300)}=${'v'.repeat(300)} SIP/2.0`,
        from: `From: "${'Long Name '.repeat(60)}" <sip:${'guest'.repeat(60)}@hotel.example>;tag=${'t'.repeat(400)}`,
        callId: `Call-ID: ${'call'.repeat(100)}`,
        contact: `m: <sip:a@${'sub.'.repeat(60)}hotel.example>`,
      },
      [
        ...Array.from({ length: 60 }, (_, i) => `v: SIP/2.0/TCP hop${i}.example;branch=z9hG4bK${i}`),
        `${'X'.repeat(500)}: y`,
      ],
    ),
  },
  {
    name: 'octets behind the body of a datagram',
    section: '3.1.1.8',
    text: `${request('REGISTER')}INVITE sip:hidden@hotel.example SIP/2.0\r\n`,
  },
  {
    name: 'semicolons, equals signs and a question mark in the user part',
    section: '3.1.1.9',
    text: request('OPTIONS', { start: 'OPTIONS sip:desk;wing=7?x=1;a=b@hotel.example SIP/2.0' }),
  },
  {
    name: 'known and unknown transports',
    section: '3.1.1.10',
    text: request('OPTIONS', {}, [
      'Via: SIP/2.0/SCTP a.example;branch=z9hG4bK1',
      'Via: SIP/2.0/TLS b.example;branch=z9hG4bK2,SIP/2.0/PIGEON c.example;branch=z9hG4bK3',
      'Via: SIP/2.0/TLS-SCTP [2001:db8::9]:5061;received=[2001:db8::1]',
    ]),
  },
  {
    name: 'several parts with binary in the body',
    section: '3.1.1.11',
    text: request(
      'MESSAGE',
      {},
      ['Content-Type: multipart/mixed;boundary=7a'],
      `--7a\r\n\r\n\x00\xFF\r\n\r\n\n--7a--\r\n`,
    ),
  },
  {
    name: 'reason phrase with punctuation and UTF-8',
    section: '3.1.1.12',
    text: response('SIP/2.0 200 = 2**3 * 5**2 \xD0\xBD\xD0\xBE'),
  },
  { name: 'empty reason phrase', section: '3.1.1.13', text: response('SIP/2.0 100 ') },
  { name: 'no space before the empty reason phrase', text: response('SIP/2.0 100') },
  {
    name: 'magic cookie and nothing else as branch',
    section: '3.2.1',
    text: request('OPTIONS', { via: 'Via: SIP/2.0/UDP 192.0.2.40;branch=z9hG4bK' }),
  },
  {
    name: 'unknown schemes in From, To and Contact',
    section: '3.3.4',
    text: request('INVITE', {
      from: 'From: <http://www.hotel.example>;tag=5',
      to: 'To: <isbn:2983792873>',
      contact: 'Contact: <name:desk>',
    }),
  },
  {
    name: 'required and proxy-required extensions',
    section: '3.3.5',
    text: request('OPTIONS', {}, ['Require: none.such', 'Proxy-Require: nor.this, or.that']),
  },
  {
    name: 'unknown body type',
    section: '3.3.6',
    text: request('INVITE', {}, ['Content-Type: application/unheard'], '<x/>'),
  },
  {
    name: 'unknown authorization scheme',
    section: '3.3.7',
    text: request('REGISTER', {}, ['Authorization: Runes carved="\xDEorn", deep=very']),
  },
  { name: 'Max-Forwards zero', section: '3.3.11', text: request('OPTIONS', { maxForwards: 'Max-Forwards: 0' }) },
  {
    name: 'unknown parameters of a Contact',
    section: '3.3.12',
    text: request('REGISTER', { contact: 'Contact: sip:desk@192.0.2.40;colour=red;x="a;b,c"' }),
  },
  {
    name: 'unknown parameter of a Contact URI',
    section: '3.3.13',
    text: request('REGISTER', { contact: 'Contact: <sip:desk@192.0.2.40;colour=red>' }),
  },
  {
    name: 'a Contact URI with headers',
    section: '3.3.14',
    text: request('REGISTER', { contact: 'Contact: <sip:desk@192.0.2.40?Route=%3Csip:edge.example%3E>' }),
  },
  { name: 'Contact star', text: request('REGISTER', { contact: 'Contact: *' }, ['Expires: 0']) },
  {
    name: 'an answer type that nobody has',
    section: '3.3.15',
    text: request('INVITE', {}, ['Accept: text/none'], SDP),
  },
  {
    name: 'a response whose Via names a broadcast address',
    section: '3.3.10',
    text: response('SIP/2.0 200 OK', { via: `${VIA}\r\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKall` }),
  },
  {
    name: 'as before RFC 3261: no branch, no tag, no Max-Forwards, bare URIs, no Content-Length',
    section: '3.4.1',
    text: lines(
      'INVITE sip:kitchen@hotel.example SIP/2.0',
      'Via: SIP/2.0/UDP gw.hotel.example',
      'From: sip:+12025550101@gw.hotel.example;user=phone',
      'To: sip:kitchen@hotel.example',
      CALL_ID,
      'CSeq: 1 INVITE',
      'Record-Route: <sip:kitchen@hotel.example;maddr=edge.hotel.example>',
      '',
    ).concat(SDP),
  },
  {
    name: 'a zone that is not GMT',
    section: '3.1.2.12',
    text: request('INVITE', {}, ['Date: Fri, 01 Jan 2010 16:00:00 EST']),
  },
  { name: 'line feeds alone', text: request('OPTIONS').replaceAll('\r', '') },
  { name: 'empty lines before the start line', text: `\r\n\r\n\n${request('OPTIONS')}` },
  {
    name: 'tel in the Request-URI',
    text: request('INVITE', { start: 'INVITE tel:+1-202-555-0101;phone-context=x SIP/2.0' }),
  },
  {
    name: 'IPv6 everywhere',
    text: request('OPTIONS', {
      start: 'OPTIONS sip:[2001:db8::5]:5080;lr SIP/2.0',
      via: 'Via: SIP/2.0/UDP [2001:db8::9]:5070;rport;branch=z9hG4bK6',
    }),
  },
  { name: 'version in small letters', text: request('OPTIONS', { start: 'OPTIONS sip:hotel.example sip/2.0' }) },
  { name: 'an ACK', text: request('ACK'), reply: false },
  { name: 'the largest CSeq', text: request('OPTIONS', { cseq: 'CSeq: 2147483647 OPTIONS' }) },
  {
    name: 'a name of UTF-8 without quotes',
    text: request('OPTIONS', { from: 'From: J\xC3\xBCrgen (Bar) <sip:bar@hotel.example>;tag=1' }),
  },
  {
    name: 'a number sign in the user part',
    text: request('INVITE', { start: 'INVITE sip:*21#@hotel.example SIP/2.0' }),
  },
];
