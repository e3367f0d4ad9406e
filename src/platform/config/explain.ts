/**
 * zod's issues in the words of all our messages: `path` must be WHAT IS ALLOWED, but is WHAT WAS GIVEN.
 *
 * A value of a secret option is never repeated, nor is a password within a URL.
 */
import type * as z from 'zod';
import type { Problem } from '../problems.ts';
import { nearest } from '../problems.ts';
import { withoutPasswords } from '../redact.ts';
import type { Setting } from './environment.ts';
import type { ConfigCode } from './errors.ts';
import type { OptionNode } from './schema.ts';
import { allowedText, nodeAt } from './schema.ts';
import type { YamlFile } from './yaml-file.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

interface Surroundings {
  values: unknown;
  tree: OptionNode;
  file: YamlFile | undefined;
  settings: readonly Setting[];
}

export function explainIssues(issues: readonly Issue[], around: Surroundings): Problem[] {
  return issues.flatMap((issue) => explain(issue, [], around));
}

function explain(issue: Issue, prefix: Path, around: Surroundings): Problem[] {
  const path = [...prefix, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownOption([...path, key], around));
    case 'invalid_union': {
      // The branch that got past the outermost type is the one that was meant.
      const deeper = issue.errors.filter((branch) => branch.length > 0 && branch.every((one) => one.path.length > 0));
      if (deeper.length === 1) return deeper[0]!.flatMap((one) => explain(one, path, around));
      return [wrongValue(path, around)];
    }
    case 'custom':
      return [wrongValue(path, around, isDefault(issue) ? undefined : issue.message)];
    default:
      return [wrongValue(path, around, isDefault(issue) ? undefined : `must be ${issue.message}`)];
  }
}

/** Whether the message is zod's own. A schema's own words for what is allowed follow "must be". */
function isDefault(issue: Issue): boolean {
  return /^(Invalid|Too|Unrecognized) /.test(issue.message);
}

function unknownOption(path: Path, around: Surroundings): Problem {
  const section = nodeAt(around.tree, path.slice(0, -1));
  const names = Object.keys(section?.properties ?? {});
  const meant = nearest(String(path.at(-1)), names);
  const where = path.length > 1 ? `\`${pathText(path.slice(0, -1))}\`` : 'the file';
  const cure = meant
    ? `did you mean \`${meant}\`?`
    : names.length > 0
      ? `${where} knows: ${names.join(', ')}`
      : undefined;
  return locate(path, around, {
    code: 'CONFIG_UNKNOWN',
    message: `\`${pathText(path)}\` is unknown`,
    cure,
    atKey: true,
  });
}

/** `said`: the words of a check that the schema makes itself; they follow the path or begin with "must". */
function wrongValue(path: Path, around: Surroundings, said?: string): Problem {
  const node = nodeAt(around.tree, path);
  const name = path.length > 0 ? `\`${pathText(path)}\`` : 'the file';
  const given = valueAt(around.values, path);
  if (given === undefined && said === undefined) {
    const message = `${name} must be ${allowedText(node)}, but is missing`;
    return locate(path, around, { code: 'CONFIG_MISSING', message, cure: node?.description, atKey: true });
  }
  const rule = said ?? `must be ${allowedText(node)}`;
  const message = rule.startsWith('must ') ? `${name} ${rule}, but is ${givenText(given, node)}` : `${name}: ${rule}`;
  return locate(path, around, { code: 'CONFIG_VALUE', message, cure: undefined, atKey: false, secret: node?.secret });
}

interface Finding {
  code: ConfigCode;
  message: string;
  cure: string | undefined;
  atKey: boolean;
  secret?: boolean | undefined;
}

function locate(path: Path, around: Surroundings, finding: Finding): Problem {
  const { code, message, cure, atKey } = finding;
  const base = { severity: 'error' as const, code, message, ...(cure ? { cure } : {}) };
  const setting = around.settings.find((one) => one.path.every((step, index) => path[index] === step));
  if (setting) return { ...base, file: `environment variable ${setting.variable}`, line: 0, column: 0 };
  if (!around.file) return { ...base, file: 'the configuration', line: 0, column: 0 };
  const place = around.file.place(path, atKey);
  return finding.secret ? { ...base, ...place } : { ...base, ...place, excerpt: around.file.excerpt(place) };
}

function valueAt(values: unknown, path: Path): unknown {
  let value = values;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

function givenText(value: unknown, node: OptionNode | undefined): string {
  if (node?.secret) return 'something else (not shown)';
  if (value === null || value === '') return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section';
  const text = withoutPasswords(String(value)).replaceAll(/[\x00-\x1f\x7f-\x9f]/g, ' ');
  return `\`${text.length > 60 ? `${text.slice(0, 60)}…` : text}\``;
}

function pathText(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : String(step)))
    .join('.')
    .replaceAll('.[', '[');
}
