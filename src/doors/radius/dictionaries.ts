/** The attributes that policies may add to answers: those that are known without any file, and those of the files that are named. */
import type { Dictionary } from '../../platform/radius/dictionary/dictionary.ts';
import { readDictionary } from '../../platform/radius/dictionary/read.ts';
import { standardDictionary } from '../../platform/radius/dictionary/standard.ts';

/** Errors: RADIUS_DICTIONARY. */
export function loadDictionaries(files: readonly string[]): Dictionary {
  const dictionary = standardDictionary();
  for (const file of files) readDictionary(file, dictionary);
  return dictionary;
}
