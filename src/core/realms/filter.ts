/** Whether a person fits a filter; for sources that have all persons at hand. */
import { compileGlob } from '../policy/glob.ts';
import type { PersonRecord } from './source.ts';
import type { PersonFilter } from './types.ts';

export function compileFilter(filter: PersonFilter): (person: PersonRecord) => boolean {
  const tests = Object.entries(filter).map(([name, pattern]) => {
    const fits = compileGlob(pattern.toLowerCase());
    return ({ attributes }: PersonRecord) => {
      const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
      return value !== undefined && fits(value.toLowerCase());
    };
  });
  return (person) => tests.every((fits) => fits(person));
}
