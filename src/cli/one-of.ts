/** One of a few words, given on the command line. Errors: ARGUMENTS_INVALID. */
import { GatehouseError } from '../platform/errors.ts';

export function oneOf<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
  const word = words.find((one) => one === text);
  if (word !== undefined) return word;
  throw new GatehouseError('ARGUMENTS_INVALID', `must be one of ${words.join(', ')}, but is \`${text}\``, {
    where: name,
  });
}
