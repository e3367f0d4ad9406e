/**
 * Pages of docs that are written by hand but for one part, which is made from the code: found and replaced between two marks.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const END = '<!-- end of the generated part -->';

export interface GeneratedPart {
  /** Name below docs, `commands.md`. */
  readonly page: string;
  /** The file that makes it, `test/commands-document.ts`. */
  readonly maker: string;
  text(): string;
}

/** The whole page as it should be: its own words, and the part as the code makes it now. */
export function wantedPage(part: GeneratedPart): string {
  const page = readPage(part);
  const begin = `<!-- generated: node ${part.maker} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`docs/${part.page} has no part between\n${begin}\n${END}`);
  return `${page.slice(0, from)}${begin}\n\n${part.text().trim()}\n\n${page.slice(to)}`;
}

export function readPage({ page }: GeneratedPart): string {
  return readFileSync(pathOf(page), 'utf8');
}

export function writePage(part: GeneratedPart): void {
  writeFileSync(pathOf(part.page), wantedPage(part));
}

/** A table in markdown; bars within cells are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function pathOf(page: string): string {
  return join(import.meta.dirname, '..', 'docs', page);
}
