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
import { type Complain, ERROR } from './complain.ts';
import { equalText } from './equal-text.ts';
import type { ScriptHost } from './host.ts';
import { Pattern, PatternError } from './pattern.ts';
import type { Comparison, Expression } from './syntax.ts';
import type { Call } from './types.ts';
import { bindValueComparison } from './values/compare.ts';
import { type Binder, bindValue } from './values/expression.ts';
import { type WordValue as Value, WORD_NAMES, wordValue } from './word-values.ts';

/** Code for a comparison, or undefined after a complaint. */
export function bindComparison(node: Comparison, binder: Binder): Call | undefined {
  const { complain } = binder;
  const { host } = binder.scope;
  const { left, right } = node;
  const value = left.kind === 'word' ? leftValue(left, complain) : undefined;
  if (left.kind === 'word' && !value) return undefined;
  if (isComputed(left) || isComputed(right)) {
    if (right.kind === 'word' && right.text === 'myself') return bindMyselfOf(node, binder);
    return bindValueComparison(node, binder);
  }
  if (!value) return leftValue(left, complain) as undefined;
  if (right.kind === 'word' && right.text === 'myself') return bindMyself(node, value, host, complain);
  if (value.type === 'string') return bindText(node, value, complain);
  return value.type === 'address' ? bindAddress(node, value, complain) : bindNumber(node, value, host, complain);
}

/** Code for a value that stands alone: a number other than 0 is true. */
export function bindTruth(node: Expression, binder: Binder): Call | undefined {
  const { complain } = binder;
  if (isComputed(node)) {
    const bound = bindValue(node, binder);
    if (!bound) return undefined;
    const { read } = bound;
    return (run) => {
      const found = read(run);
      return found === undefined || found === 0 || found === '' ? -1 : 1;
    };
  }
  const value = node.kind === 'word' ? wordValue(node.text) : undefined;
  if (value?.type === 'number') return (run) => (value.read(run) !== 0 ? 1 : -1);
  const known = value !== undefined;
  const suggestion = node.kind === 'word' ? nearest(node.text, WORD_NAMES) : undefined;
  const cure = known || !suggestion ? 'compare it: method=="INVITE", uri==myself' : `did you mean \`${suggestion}\`?`;
  return complain('SCRIPT_VALUE', node.at, 'this is no condition', {
    cause: 'a condition is a comparison, a function with its brackets, or a number',
    cure: node.kind === 'word' && !known && !suggestion ? `write ${node.text}() if the function is meant` : cure,
  });
}

/** What only OpenSER has: variables, NULL and arithmetic. */
function isComputed({ kind }: Expression): boolean {
  return kind === 'variable' || kind === 'arithmetic' || kind === 'null';
}

function leftValue(node: Expression, complain: Complain): Value | undefined {
  if (node.kind === 'call') {
    return complain('SCRIPT_VALUE', node.at, `the result of \`${node.name}\` is not compared`, {
      cause: 'a function is true or false by itself: more than 0 or less; a 0 ends the route or script at once',
      cure: `write if (${node.name}(...)), or call it in a statement before and compare retcode`,
    });
  }
  if (node.kind !== 'word') {
    return complain('SCRIPT_VALUE', node.at, 'a comparison begins with a value of the message', {
      cause: 'on the left stands what is compared, on the right a constant',
      cure: `write one of ${WORD_NAMES.join(', ')} on the left`,
    });
  }
  const value = wordValue(node.text);
  if (value) return value;
  const suggestion = nearest(node.text, WORD_NAMES);
  return complain('SCRIPT_VALUE', node.at, `there is no value \`${node.text}\``, {
    cure: suggestion ? `did you mean \`${suggestion}\`?` : `the values are ${WORD_NAMES.join(', ')}`,
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

/** `$ru==myself`: a variable that holds a URI, or a host alone. */
function bindMyselfOf(node: Comparison, binder: Binder): Call | undefined {
  if (node.operator !== '==' && node.operator !== '!=') return badOperator(node, '== !=', binder.complain);
  const bound = bindValue(node.left, binder);
  if (!bound) return undefined;
  const { host } = binder.scope;
  const yes = signOf(node);
  return (run) => {
    const text = bound.read(run);
    if (typeof text !== 'string') return ERROR;
    const uri = parseUri(text) ?? parseUri(`sip:${text}`);
    return uri === undefined ? ERROR : host.isMyself(uri.host, uri.port) ? yes : -yes;
  };
}

function bindMyself(node: Comparison, value: Value, host: ScriptHost, complain: Complain): Call | undefined {
  if (node.operator !== '==' && node.operator !== '!=') return badOperator(node, '== !=', complain);
  const yes = signOf(node);
  if (value.type === 'address') return (run) => (host.isLocalAddress(value.read(run)) ? yes : -yes);
  const read = value.type === 'number' ? undefined : value.uri;
  if (!read) return mismatch(node, 'a constant, not with myself', complain);
  return (run) => {
    const uri = read(run);
    if (uri === undefined) return ERROR;
    return host.isMyself(uri.host, uri.port) ? yes : -yes;
  };
}

function bindText(node: Comparison, value: Value & { type: 'string' }, complain: Complain): Call | undefined {
  const { right } = node;
  if (right.kind !== 'string' && right.kind !== 'word' && right.kind !== 'address')
    return mismatch(node, 'a string in quotes', complain);
  if (right.kind === 'word' && wordValue(right.text))
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
