/**
 * Options from environment variables: GATEHOUSE__SECTION__OPTION, `__` between the steps of the path. Case and the single
 * underscores between words do not matter, so GATEHOUSE__HTTP__MAX_BODY sets `http.maxBody`.
 *
 * A value is read as YAML (numbers, true, [a, b]), but as it stands where the option is a text. One value where the option is
 * a list makes a list of one.
 */
import { parse } from 'yaml';
import type { Problem } from '../problems.ts';
import { nearest } from '../problems.ts';
import type { OptionNode } from './schema.ts';
import { nodeAt, VARIABLE_PREFIX, variableOf } from './schema.ts';

const MAX_VALUE = 64 * 1024;

export interface Setting {
  variable: string;
  path: string[];
  value: unknown;
}

export function environmentSettings(
  environment: NodeJS.ProcessEnv,
  tree: () => OptionNode,
): { settings: Setting[]; problems: Problem[] } {
  const settings: Setting[] = [];
  const problems: Problem[] = [];
  for (const variable of Object.keys(environment).sort()) {
    const text = environment[variable];
    if (!variable.startsWith(VARIABLE_PREFIX) || text === undefined) continue;
    const path = resolvePath(tree(), variable);
    const node = path && nodeAt(tree(), path);
    if (!path || !node) problems.push(unknownVariable(variable, tree()));
    else {
      const value = readValue(text, node);
      if (value === undefined) problems.push(problemOf(variable, 'CONFIG_SYNTAX', 'the value is not valid YAML'));
      else settings.push({ variable, path, value });
    }
  }
  return { settings, problems };
}

/** Puts the settings into the values, over what the file says. */
export function applySettings(values: Record<string, unknown>, settings: readonly Setting[]): void {
  for (const { path, value } of settings) {
    let section = values;
    for (const step of path.slice(0, -1)) {
      const next = Object.hasOwn(section, step) ? section[step] : undefined;
      if (isSection(next)) section = next;
      else section = section[step] = {};
    }
    section[path.at(-1)!] = value;
  }
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function resolvePath(tree: OptionNode, variable: string): string[] | undefined {
  const path: string[] = [];
  let node: OptionNode | undefined = tree;
  for (const word of variable.slice(VARIABLE_PREFIX.length).split('__')) {
    if (word === '' || !node) return undefined;
    const name: string | undefined =
      Object.keys(node.properties ?? {}).find((key) => folded(key) === folded(word)) ??
      (typeof node.additionalProperties === 'object' ? word.toLowerCase() : undefined);
    if (name === undefined) return undefined;
    path.push(name);
    node = nodeAt(node, [name]);
  }
  return path;
}

function folded(name: string): string {
  return name.replaceAll(/[-_]/g, '').toLowerCase();
}

function readValue(text: string, node: OptionNode): unknown {
  if (text.length > MAX_VALUE) return undefined;
  if (node.type === 'string') return text;
  const wanted = new Set([node.type, ...(node.anyOf ?? []).map((choice) => choice.type)]);
  // In a list of texts `0123` and `yes` are texts, too.
  const ofTexts = typeof node.items === 'object' && node.items.type === 'string';
  try {
    const value: unknown = parse(text, {
      ...(ofTexts ? { schema: 'failsafe' } : {}),
      maxAliasCount: 0,
      logLevel: 'silent',
    });
    if (wanted.has('string') && (typeof value !== 'object' || value === null)) return text;
    return wanted.has('array') && !Array.isArray(value) ? [value] : value;
  } catch {
    return wanted.has('string') ? text : undefined;
  }
}

function unknownVariable(variable: string, tree: OptionNode): Problem {
  const meant = nearest(variable, variablesOf(tree, []));
  const problem = problemOf(variable, 'CONFIG_UNKNOWN', 'this variable sets no option');
  return meant ? { ...problem, cure: `did you mean \`${meant}\`?` } : problem;
}

function* variablesOf(node: OptionNode, path: string[]): Generator<string> {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    if (child.properties) yield* variablesOf(child, [...path, name]);
    else yield variableOf([...path, name]);
  }
}

function problemOf(variable: string, code: string, message: string): Problem {
  return { severity: 'error', code, file: `environment variable ${variable}`, line: 0, column: 0, message };
}
