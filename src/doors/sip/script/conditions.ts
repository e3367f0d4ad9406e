/**
 * Comparisons as code: `method=="INVITE"`, `uri!=myself`, `src_ip==10.0.0.0/8`, `msg:len>max_len`. Bound once when the script
 * is read; a test makes no garbage but for what a URI must be taken apart.
 *
 * A test gives 1, -1 or ERROR (a value cannot be had: no From, no URI); ERROR counts as false for the whole condition.
 * String equality is over the full length and case-insensitive; SER's comparison by the shorter length is a fault not copied.
 */

import { BlockList, isIP, isIPv4 } from 'node:net';
import { nearest } from '../../../platform/problems.ts';
import { parseUri } from '../message/uri.ts';
import type { Run } from '../run.ts';
import type { Explanation, Span } from './diagnostics.ts';
import type { ScriptErrorCode } from './errors.ts';
import type { ScriptHost } from './host.ts';
import { Pattern, PatternError } from './pattern.ts';
import type { Comparison, Expression } from './syntax.ts';
import type { Call } from './types.ts';
import { WAIT } from './types.ts';

/** A condition could not be evaluated. */
export const ERROR = WAIT + 1;

export type Complain = (code: ScriptErrorCode, at: Span, message: string, explanation?: Explanation) => undefined;

type Value =
  | { readonly type: 'string'; readonly uri: boolean; read(run: Run): string | undefined }
  | { readonly type: 'address'; read(run: Run): string }
  | { readonly type: 'number'; readonly words: Readonly<Record<string, number>>; read(run: Run): number };

const PROTOCOLS: Readonly<Record<string, number>> = { UDP: 1, TCP: 2, TLS: 3 };

const method: Value = { type: 'string', uri: false, read: (run) => run.message.method };
const returned: Value = { type: 'number', words: {}, read: (run) => run.returned };

const VALUES: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['method', method],
  ['status', method],
  ['uri', { type: 'string', uri: true, read: (run) => run.uri }],
  ['from_uri', { type: 'string', uri: true, read: (run) => run.message.from?.uri }],
  ['to_uri', { type: 'string', uri: true, read: (run) => run.message.to?.uri }],
  ['src_ip', { type: 'address', read: (run) => run.source.address }],
  ['dst_ip', { type: 'address', read: (run) => run.source.point.address }],
  ['src_port', { type: 'number', words: {}, read: (run) => run.source.port }],
  ['dst_port', { type: 'number', words: {}, read: (run) => run.source.point.port }],
  ['af', { type: 'number', words: { INET: 4, INET6: 6 }, read: (run) => run.source.point.family }],
  ['proto', { type: 'number', words: PROTOCOLS, read: (run) => (run.source.point.protocol === 'udp' ? 1 : 2) }],
  ['msg:len', { type: 'number', words: {}, read: (run) => run.message.raw.length }],
  ['retcode', returned],
  ['return_code', returned],
]);

/** Code for a comparison, or undefined after a complaint. */
export function bindComparison(node: Comparison, host: ScriptHost, complain: Complain): Call | undefined {
  const value = leftValue(node.left, complain);
  if (!value) return undefined;
  const right = node.right;
  if (right.kind === 'variable' || right.kind === 'arithmetic') return undefined;
  if (right.kind === 'word' && right.text === 'myself') return bindMyself(node, value, host, complain);
  if (value.type === 'string') return bindText(node, value, complain);
  return value.type === 'address' ? bindAddress(node, value, complain) : bindNumber(node, value, host, complain);
}

/** Code for a value that stands alone: a number other than 0 is true. */
export function bindTruth(node: Expression, complain: Complain): Call | undefined {
  if (node.kind === 'word' && VALUES.get(node.text)?.type === 'number') {
    const value = VALUES.get(node.text) as Value & { type: 'number' };
    return (run) => (value.read(run) !== 0 ? 1 : -1);
  }
  const known = node.kind === 'word' && VALUES.has(node.text);
  const suggestion = node.kind === 'word' ? nearest(node.text, VALUES.keys()) : undefined;
  const cure = known || !suggestion ? 'compare it: method=="INVITE", uri==myself' : `did you mean \`${suggestion}\`?`;
  return complain('SCRIPT_VALUE', node.at, 'this is no condition', {
    cause: 'a condition is a comparison, a function with its brackets, or a number',
    cure: node.kind === 'word' && !known && !suggestion ? `write ${node.text}() if the function is meant` : cure,
  });
}

function leftValue(node: Expression, complain: Complain): Value | undefined {
  if (node.kind === 'variable' || node.kind === 'arithmetic') return undefined;
  if (node.kind !== 'word') {
    return complain('SCRIPT_VALUE', node.at, 'a comparison begins with a value of the message', {
      cause: 'on the left stands what is compared, on the right a constant',
      cure: `write one of ${[...VALUES.keys()].join(', ')} on the left`,
    });
  }
  const value = VALUES.get(node.text);
  if (value) return value;
  const suggestion = nearest(node.text, VALUES.keys());
  return complain('SCRIPT_VALUE', node.at, `there is no value \`${node.text}\``, {
    cure: suggestion ? `did you mean \`${suggestion}\`?` : `the values are ${[...VALUES.keys()].join(', ')}`,
  });
}

function mismatch(node: Comparison, wanted: string, complain: Complain): undefined {
  const name = node.left.kind === 'word' ? node.left.text : 'it';
  return complain('SCRIPT_VALUE', node.right.at, `\`${name}\` cannot be compared with this`, {
    cure: `${name} is compared with ${wanted}`,
  });
}

function badOperator(node: Comparison, allowed: string, complain: Complain): undefined {
  return complain('SCRIPT_VALUE', node.at, `\`${node.operator}\` cannot be used with this value`, {
    cure: `use one of ${allowed}`,
  });
}

/** The sign a test gives when the two sides are equal. */
function signOf(node: Comparison): 1 | -1 {
  return node.operator === '==' ? 1 : -1;
}

function bindMyself(node: Comparison, value: Value, host: ScriptHost, complain: Complain): Call | undefined {
  if (node.operator !== '==' && node.operator !== '!=') return badOperator(node, '== !=', complain);
  const yes = signOf(node);
  if (value.type === 'address') return (run) => (host.isLocalAddress(value.read(run)) ? yes : -yes);
  if (value.type === 'number' || !value.uri) return mismatch(node, 'a constant, not with myself', complain);
  return (run) => {
    const text = value.read(run);
    const uri = text === undefined ? undefined : parseUri(text);
    if (uri === undefined) return ERROR;
    return host.isMyself(uri.host, uri.port) ? yes : -yes;
  };
}

function bindText(node: Comparison, value: Value & { type: 'string' }, complain: Complain): Call | undefined {
  const { right } = node;
  if (right.kind !== 'string' && right.kind !== 'word' && right.kind !== 'address')
    return mismatch(node, 'a string in quotes', complain);
  if (right.kind === 'word' && VALUES.has(right.text))
    return mismatch(node, 'a constant, not with another value', complain);
  const text = right.text;
  switch (node.operator) {
    case '==':
    case '!=': {
      const yes = signOf(node);
      return (run) => {
        const found = value.read(run);
        if (found === undefined) return ERROR;
        return equalText(found, text) ? yes : -yes;
      };
    }
    case '=~':
    case '!~':
      return bindPattern(node, value, text, complain);
    default:
      return badOperator(node, '== != =~', complain);
  }
}

function bindPattern(
  node: Comparison,
  value: Value & { type: 'string' },
  text: string,
  complain: Complain,
): Call | undefined {
  const yes = node.operator === '=~' ? 1 : -1;
  try {
    const pattern = new Pattern(text);
    return (run) => {
      const found = value.read(run);
      if (found === undefined) return ERROR;
      return pattern.test(found) ? yes : -yes;
    };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return complain('SCRIPT_PATTERN', node.right.at, `the regular expression cannot be read: ${error.message}`, {
      cause: `at character ${error.index + 1} of the pattern; patterns are POSIX extended regular expressions`,
      cure: 'write \\\\ before a character that shall stand for itself',
    });
  }
}

/** Equal but for the case of ASCII letters; makes nothing. */
function equalText(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const lower = x | 32;
    if (lower !== (y | 32) || lower < 97 || lower > 122) return false;
  }
  return true;
}

function bindAddress(node: Comparison, value: Value & { type: 'address' }, complain: Complain): Call | undefined {
  if (node.operator !== '==' && node.operator !== '!=') return badOperator(node, '== !=', complain);
  const { right } = node;
  if (right.kind !== 'address' && right.kind !== 'string' && right.kind !== 'word')
    return mismatch(node, 'an address or network', complain);
  const yes = signOf(node);
  const [address, mask] = right.text.split('/') as [string, string | undefined];
  const family = isIP(address);
  if (family === 0)
    return mismatch(
      node,
      'an address such as 192.0.2.1 or a network such as 192.0.2.0/24; names are not looked up',
      complain,
    );
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  const bits = mask === undefined ? (family === 4 ? 32 : 128) : prefixLength(mask, family);
  if (bits === undefined) return mismatch(node, 'a network such as 192.0.2.0/24 or 192.0.2.0/255.255.255.0', complain);
  if (family === 4 && bits === 32) return (run) => (value.read(run) === address ? yes : -yes);
  list.addSubnet(address, bits, kind);
  return (run) => {
    const found = value.read(run);
    return isIP(found) === family && list.check(found, kind) ? yes : -yes;
  };
}

function prefixLength(mask: string, family: number): number | undefined {
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= (family === 4 ? 32 : 128) ? Number(mask) : undefined;
  if (family !== 4 || !isIPv4(mask)) return undefined;
  const bits = mask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}

function bindNumber(
  node: Comparison,
  value: Value & { type: 'number' },
  host: ScriptHost,
  complain: Complain,
): Call | undefined {
  const { right } = node;
  const read = (run: Run) => value.read(run);
  let constant: number | undefined;
  if (right.kind === 'number') constant = right.value;
  else if (right.kind === 'word' && right.text === 'max_len') constant = host.maxLength;
  else if (right.kind === 'word') constant = value.words[right.text.toUpperCase()];
  if (constant === undefined) {
    const words = Object.keys(value.words).join(', ');
    return mismatch(node, words ? `one of ${words}` : 'a number', complain);
  }
  const n = constant;
  switch (node.operator) {
    case '==':
      return (run) => (read(run) === n ? 1 : -1);
    case '!=':
      return (run) => (read(run) !== n ? 1 : -1);
    case '<':
      return (run) => (read(run) < n ? 1 : -1);
    case '>':
      return (run) => (read(run) > n ? 1 : -1);
    case '<=':
      return (run) => (read(run) <= n ? 1 : -1);
    case '>=':
      return (run) => (read(run) >= n ? 1 : -1);
    default:
      return badOperator(node, '== != < > <= >=', complain);
  }
}
