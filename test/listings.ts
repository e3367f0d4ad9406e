/** The scripts that the tests of the whole door run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** The built-in example. */
export const EXAMPLE = readFileSync(join(root, 'examples', 'ser.cfg'), 'utf8');

/** The quick-start listing on Gatehouse's own database. */
export const QUICKSTART = withoutDatabase(join(root, 'test', 'fixtures', 'ser', 'quickstart.cfg'));

/** The listing as published, where GATEHOUSE_SEEDS says where it lies. */
export const REFERENCE =
  process.env.GATEHOUSE_SEEDS && withoutDatabase(join(process.env.GATEHOUSE_SEEDS, 'reference', 'ser.cfg'));

function withoutDatabase(path: string): string {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => !line.includes('mysql')).join('\n');
}
