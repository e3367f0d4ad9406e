/**
 * What may stand in the configuration, read off the zod schema by way of its JSON Schema: names, types, defaults and
 * descriptions, for messages, for environment variables and for the documentation.
 *
 * A schema may carry `.meta({ allowed: '…' })`, the words for what is allowed where the type alone does not say it, and
 * `.meta({ secret: true })`, so that no message repeats the value; `.meta({ live: true })`: a reload can change it.
 */
import * as z from 'zod';

/** The part of JSON Schema that zod writes for our options. */
export interface OptionNode {
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, OptionNode>;
  additionalProperties?: OptionNode | boolean;
  required?: string[];
  items?: OptionNode | boolean;
  anyOf?: OptionNode[];
  oneOf?: OptionNode[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  allowed?: string;
  secret?: boolean;
  live?: boolean;
}

export interface OptionDescription {
  /** `sip.listen` */
  path: string;
  /** The environment variable that sets it. */
  variable: string;
  /** What is allowed, in words. */
  type: string;
  /** As YAML would write it on one line; undefined: none. */
  default: string | undefined;
  description: string;
  /** It can change while the server runs. */
  live: boolean;
}

export const VARIABLE_PREFIX = 'GATEHOUSE__';

export function optionTree(schema: z.ZodType): OptionNode {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as OptionNode;
}

/** Every option of the schema, in the order in which it is written there. */
export function describeOptions(schema: z.ZodType): OptionDescription[] {
  return [...walk(optionTree(schema), [])];
}

function* walk(node: OptionNode, path: string[]): Generator<OptionDescription> {
  if (node.properties) {
    for (const [name, child] of Object.entries(node.properties)) yield* walk(child, [...path, name]);
    return;
  }
  yield {
    path: path.join('.'),
    variable: variableOf(path),
    type: allowedText(node),
    default: node.default === undefined ? undefined : JSON.stringify(node.default),
    description: node.description ?? '',
    live: node.live === true,
  };
}

/** `sip.tcpMaxConnections` is set by GATEHOUSE__SIP__TCP_MAX_CONNECTIONS. */
export function variableOf(path: readonly string[]): string {
  const words = path.map((name) =>
    name
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replaceAll('-', '_')
      .toUpperCase(),
  );
  return VARIABLE_PREFIX + words.join('__');
}

/** The node at the path; undefined where the schema knows no such place. */
export function nodeAt(root: OptionNode, path: readonly PropertyKey[]): OptionNode | undefined {
  let node: OptionNode | undefined = root;
  for (const step of path) node = node && childOf(node, step);
  return node;
}

function childOf(node: OptionNode, step: PropertyKey): OptionNode | undefined {
  if (typeof step === 'number') {
    if (typeof node.items === 'object') return node.items;
  } else {
    const name = String(step);
    if (node.properties && Object.hasOwn(node.properties, name)) return node.properties[name];
    if (typeof node.additionalProperties === 'object') return node.additionalProperties;
  }
  for (const choice of node.anyOf ?? node.oneOf ?? []) {
    const found = childOf(choice, step);
    if (found) return found;
  }
  return undefined;
}

/** What is allowed at a node, as words that follow "must be". */
export function allowedText(node: OptionNode | undefined): string {
  if (!node) return 'something else';
  if (node.allowed) return node.allowed;
  if (node.const !== undefined) return quoted(node.const);
  if (node.enum) return alternatives(node.enum.map(quoted));
  const choices = node.anyOf ?? node.oneOf;
  if (choices) return alternatives([...new Set(choices.map(allowedText))]);
  switch (node.type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `a whole number${rangeText(node)}`;
    case 'number':
      return `a number${rangeText(node)}`;
    case 'array':
      return `a list${node.minItems ? ` of at least ${node.minItems}` : ''}: ${typeof node.items === 'object' ? allowedText(node.items) : 'anything'} each`;
    case 'object':
      return 'a section of `name: value` lines';
    case 'null':
      return 'empty';
    case 'string':
      return stringText(node);
    default:
      return 'something else';
  }
}

function stringText(node: OptionNode): string {
  if (node.format === 'uri') return 'a URL';
  if (node.format) return `a text of the form ${node.format}`;
  if (node.pattern) return `a text that matches ${node.pattern}`;
  if (node.minLength && node.maxLength) return `a text of ${node.minLength} to ${node.maxLength} characters`;
  if (node.maxLength) return `a text of at most ${node.maxLength} characters`;
  if (node.minLength)
    return node.minLength === 1 ? 'a text that is not empty' : `a text of at least ${node.minLength} characters`;
  return 'a text';
}

function rangeText(node: OptionNode): string {
  // zod bounds whole numbers by what a double holds exactly; nobody wants to read that.
  const low = node.minimum === undefined || node.minimum <= Number.MIN_SAFE_INTEGER ? undefined : node.minimum;
  const high = node.maximum === undefined || node.maximum >= Number.MAX_SAFE_INTEGER ? undefined : node.maximum;
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`;
  if (low !== undefined) return ` of at least ${low}`;
  if (node.exclusiveMinimum !== undefined) return ` above ${node.exclusiveMinimum}`;
  return high === undefined ? '' : ` of at most ${high}`;
}

function alternatives(texts: string[]): string {
  return texts.length < 2 ? (texts[0] ?? 'nothing') : `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`;
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `\`${value}\`` : String(value);
}
