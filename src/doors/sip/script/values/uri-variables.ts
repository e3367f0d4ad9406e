/**
 * The Request-URI as it is now ($ru), as it came ($ou) and the next hop ($du), whole or in parts. A change is refused when
 * the result would be no URI, so that no text from outside can get into a start line.
 */

import { parseUri, type SipUri, uriParam } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import { type Rewrite, rewrites, rewriteUri } from '../rewrite-uri.ts';
import { type Family, readOnly, type Value, type Variable } from './types.ts';

type Part = 'uri' | 'user' | 'domain' | 'port' | 'protocol';

interface Place {
  text(run: Run): string | undefined;
  set?(run: Run, text: string | undefined): void;
}

const requestUri: Place = {
  text: (run) => (run.message.isRequest ? run.uri : undefined),
  set: (run, text) => {
    if (text !== undefined) run.uri = text;
  },
};
const original: Place = { text: (run) => (run.message.isRequest ? run.message.uri : undefined) };
const destination: Place = {
  text: (run) => run.destination,
  set: (run, text) => {
    run.destination = text;
  },
};

const NAMES: Readonly<Record<string, readonly [place: Place, part: Part]>> = {
  ru: [requestUri, 'uri'],
  ruri: [requestUri, 'uri'],
  rU: [requestUri, 'user'],
  'ruri.user': [requestUri, 'user'],
  rd: [requestUri, 'domain'],
  'ruri.domain': [requestUri, 'domain'],
  rp: [requestUri, 'port'],
  rP: [requestUri, 'protocol'],
  ou: [original, 'uri'],
  ouri: [original, 'uri'],
  oU: [original, 'user'],
  od: [original, 'domain'],
  op: [original, 'port'],
  oP: [original, 'protocol'],
  du: [destination, 'uri'],
  duri: [destination, 'uri'],
  dd: [destination, 'domain'],
  dp: [destination, 'port'],
  dP: [destination, 'protocol'],
};
export const URI_NAMES = Object.keys(NAMES);

const DEFAULT_PORT = 5060;

export const uriVariables: Family = ({ class: name }) => {
  const known = NAMES[name];
  if (!known) return undefined;
  const [place, part] = known;
  const variable = readOnly(READERS[part](place), part === 'port');
  return place.set ? { ...variable, write: writer(place, part) } : variable;
};

const READERS: Readonly<Record<Part, (place: Place) => Variable['read']>> = {
  uri: (place) => (run) => place.text(run),
  user: (place) => (run) => {
    const user = parsed(place, run)?.user;
    return user === '' ? undefined : user;
  },
  domain: (place) => (run) => parsed(place, run)?.host,
  port: (place) => (run) => {
    const uri = parsed(place, run);
    return uri && (uri.port || DEFAULT_PORT);
  },
  protocol: (place) => (run) => {
    const uri = parsed(place, run);
    return uri && (uriParam(uri, 'transport')?.toLowerCase() ?? 'udp');
  },
};

function parsed(place: Place, run: Run): SipUri | undefined {
  const text = place.text(run);
  if (text === undefined) return undefined;
  return text === run.message.uri ? run.message.requestUri : parseUri(text);
}

function writer(place: Place, part: Part): NonNullable<Variable['write']> {
  if (part === 'uri') {
    return (run, value) => {
      if (value === undefined && place !== requestUri) return setTo(place, run, undefined);
      return typeof value === 'string' && setTo(place, run, value);
    };
  }
  return (run, value) => {
    const before = place.text(run);
    const rewrite = rewriteOf(part, value);
    const after = before === undefined || rewrite === undefined ? undefined : rewriteUri(before, rewrite);
    return after !== undefined && setTo(place, run, after);
  };
}

function setTo(place: Place, run: Run, text: string | undefined): boolean {
  if (text !== undefined && parseUri(text) === undefined) return false;
  place.set!(run, text);
  return true;
}

function rewriteOf(part: Exclude<Part, 'uri'>, value: Value): Rewrite | undefined {
  const text = value === undefined ? undefined : String(value);
  switch (part) {
    case 'user':
      return text === undefined ? removeUser : /[@;?:]/.test(text) ? undefined : rewrites.user(text);
    case 'domain':
      return text && !/[@;?]/.test(text) ? rewrites.host(text) : undefined;
    case 'port':
      return text !== undefined && !/^\d{1,5}$/.test(text) ? undefined : rewrites.port(text ?? '');
    case 'protocol':
      return text && /^[A-Za-z]+$/.test(text) ? transportTo(text.toLowerCase()) : undefined;
  }
}

const removeUser: Rewrite = (parts) => {
  parts.user = '';
  parts.password = '';
};

function transportTo(name: string): Rewrite {
  return (parts) => {
    const question = parts.rest.indexOf('?');
    const params = question < 0 ? parts.rest : parts.rest.slice(0, question);
    const headers = question < 0 ? '' : parts.rest.slice(question);
    const kept = params.split(';').filter((one) => one !== '' && !/^transport=/i.test(one));
    parts.rest = [...kept, `transport=${name}`].map((one) => `;${one}`).join('') + headers;
  };
}
