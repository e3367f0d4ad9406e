/**
 * docs/errors.md as the error tables of the code say it. `node test/errors-document.ts` writes it; a test compares.
 */
import { globSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
export const documentFile = join(root, 'docs', 'errors.md');

export interface ErrorTable {
  /** Folder of the table, e.g. `src/doors/sip/script`. */
  readonly area: string;
  readonly codes: Readonly<Record<string, string>>;
}

/** Every `export const …_ERRORS` of every errors.ts below src. */
export async function errorTables(): Promise<ErrorTable[]> {
  const tables: ErrorTable[] = [];
  for (const file of globSync('src/**/*errors.ts', { cwd: root }).sort()) {
    const exported: Record<string, unknown> = await import(join(root, file));
    for (const [name, codes] of Object.entries(exported)) {
      if (name.endsWith('_ERRORS'))
        tables.push({ area: relative('src', join(file, '..')), codes: codes as Record<string, string> });
    }
  }
  return tables;
}

export function errorsDocument(tables: readonly ErrorTable[]): string {
  const sections = tables.map(({ area, codes }) => {
    const rows = Object.entries(codes)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([code, meaning]) => `| \`${code}\` | ${meaning.replaceAll('|', '\\|')} |`);
    return `## ${area}\n\n| code | meaning |\n|---|---|\n${rows.join('\n')}\n`;
  });
  return [
    '# Errors',
    '',
    'Every error that Gatehouse shows has one of these codes, what happened, where, and what to do. Codes do not change. This page is',
    'made from the tables in the code: `node test/errors-document.ts`.',
    '',
    ...sections,
  ].join('\n');
}

if (import.meta.main) writeFileSync(documentFile, errorsDocument(await errorTables()));
