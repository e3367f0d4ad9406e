/**
 * docs/errors.md as the error tables of the code say it. `node test/errors-document.ts` writes it; a test compares.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
export const documentFile = join(root, 'docs', 'errors.md');

export interface ErrorTable {
  /** File of the table, e.g. `src/doors/sip/script/errors.ts`. */
  readonly file: string;
  readonly codes: Readonly<Record<string, string>>;
}

/** Every `export const …_ERRORS` of every errors.ts and …-errors.ts below src. */
export async function errorTables(): Promise<ErrorTable[]> {
  const tables: ErrorTable[] = [];
  for (const file of globSync('src/**/*errors.ts', { cwd: root }).sort()) {
    const exported: Record<string, unknown> = await import(join(root, file));
    for (const [name, codes] of Object.entries(exported)) {
      if (name.endsWith('_ERRORS')) tables.push({ file, codes: codes as Record<string, string> });
    }
  }
  return tables;
}

export function errorsDocument(tables: readonly ErrorTable[]): string {
  const sections = tables.map(({ file, codes }) => {
    const rows = Object.entries(codes)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, meaning]) => `| \`${code}\` | ${meaning.replaceAll('|', '\\|')} |`);
    return `## ${dirname(file).slice('src/'.length)}\n\n| Code | Meaning |\n|---|---|\n${rows.join('\n')}\n`;
  });
  return [
    '# Errors',
    '',
    'An error has a code, what happened, where, and what to do. The code is what scripts may rely on: it is never renamed and never used',
    'for something else. `gatehouse errors CODE` prints its line. The `SCRIPT_…` and `CONFIG_…` codes come with file, line and column, all of',
    'a file at once. A meaning that begins with `state:` is no error of a call: `gatehouse status` and `/healthz` show it while it lasts.',
    '',
    'Made by `node test/errors-document.ts` from the tables in the code, one section a table.',
    '',
    ...sections,
  ].join('\n');
}

/** A code as a place in the sources says it. */
export interface CodeUse {
  /** `src/main.ts:350`. */
  readonly where: string;
  /** Undefined: the first argument of a GatehouseError is no literal. */
  readonly code: string | undefined;
}

/**
 * Where the sources say a code: what is given to a GatehouseError or ProblemsError, and, since codes also go through helper
 * functions, objects and conditions, each text of their form (words in capitals joined by `_`, in quotes or square brackets). Tests and tables are left out.
 */
export function codeUses(tables: readonly ErrorTable[]): CodeUse[] {
  const uses: CodeUse[] = [];
  for (const file of globSync('src/**/*.ts', { cwd: root }).sort()) {
    if (/\.(?:test|contract|victim)\.ts$/.test(file) || tables.some((table) => table.file === file)) continue;
    const text = readFileSync(join(root, file), 'utf8');
    const where = (at: number) => `${file}:${text.slice(0, at).split('\n').length}`;
    for (const found of text.matchAll(/new (?:Gatehouse|Problems)Error\(\s*(?:'([A-Z_0-9]+)'|)/g)) {
      uses.push({ where: where(found.index), code: found[1] });
    }
    for (const found of text.matchAll(/['[]([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)['\]]/g)) {
      uses.push({ where: where(found.index), code: found[1] });
    }
  }
  return uses;
}

if (import.meta.main) writeFileSync(documentFile, errorsDocument(await errorTables()));
