/** `{uri.user}` and its kin take a URI apart, `{param.value,name}` a list of parameters. */
import { parseUri, type SipUri, uriParam } from '../../message/uri.ts';
import type { Value } from './types.ts';

type OfText = (text: string) => Value;

const parameter =
  (name: string) =>
  (uri: SipUri): Value =>
    uriParam(uri, name);

const PARTS: Readonly<Record<string, (uri: SipUri) => Value>> = {
  user: (uri) => uri.user || undefined,
  host: (uri) => uri.host || undefined,
  passwd: (uri) => uri.password || undefined,
  port: (uri) => (uri.port === 0 ? undefined : String(uri.port)),
  params: (uri) => uri.params.slice(1) || undefined,
  transport: parameter('transport'),
  ttl: parameter('ttl'),
  uparam: parameter('user'),
  maddr: parameter('maddr'),
  method: parameter('method'),
  lr: parameter('lr'),
  r2: parameter('r2'),
};

/** undefined: there is none of this name; a string is a complaint. */
export function uriTransformation(kind: string, name: string, args: readonly string[]): OfText | string | undefined {
  if (kind === 'uri') return ofUri(name, args);
  return kind === 'param' ? ofParameters(name, args) : undefined;
}

function ofUri(name: string, args: readonly string[]): OfText | string | undefined {
  let part = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
  if (name === 'param') {
    if (args.length !== 1 || args[0] === '') return 'takes the name of a parameter, as in {uri.param,user}';
    part = parameter(args[0]!.trim().toLowerCase());
  } else if (part && args.length > 0) return 'takes no argument';
  if (!part) return undefined;
  const read = part;
  return (text) => {
    const uri = parseUri(text);
    return uri && read(uri);
  };
}

function ofParameters(name: string, args: readonly string[]): OfText | string | undefined {
  const argument = (args[0] ?? '').trim();
  switch (name) {
    case 'value':
      if (args.length !== 1 || argument === '') return 'takes the name of a parameter, as in {param.value,q}';
      return (text) => pairs(text).find(([one]) => one.toLowerCase() === argument.toLowerCase())?.[1];
    case 'valueat':
    case 'name':
      if (!/^-?\d{1,3}$/.test(argument)) return `takes an index, as in {param.${name},0}`;
      return (text) => pairs(text).at(Number(argument))?.[name === 'name' ? 0 : 1];
    case 'count':
      return args.length > 0 ? 'takes no argument' : (text) => pairs(text).length;
    default:
      return undefined;
  }
}

function pairs(text: string): [string, string][] {
  const parts = text.split(';').filter((part) => part.trim() !== '');
  return parts.map((part) => {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim();
    const value = equals < 0 ? '' : part.slice(equals + 1).trim();
    return [name, /^".*"$/s.test(value) ? value.slice(1, -1) : value];
  });
}
