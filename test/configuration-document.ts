/** The options of gatehouse.yaml for docs/configuration.md. `node test/configuration-document.ts` writes them; a test compares. */
import { configuration } from '../src/main/site.ts';
import { describeOptions, type OptionDescription } from '../src/platform/config/schema.ts';
import { type GeneratedPart, table, writePage } from './generated-document.ts';

export const configurationPart: GeneratedPart = {
  page: 'configuration.md',
  maker: 'test/configuration-document.ts',
  text: () =>
    table(
      ['Option and variable', 'What', 'Allowed', 'Default', 'Changed by'],
      describeOptions(configuration).map((option) => [
        `\`${option.path}\`<br>\`${option.variable}\``,
        option.description,
        allowed(option),
        option.default === undefined ? '' : `\`${option.default}\``,
        option.live ? 'reload' : 'restart',
      ]),
    ),
};

/** A pattern says less than the words below the table. */
function allowed({ type }: OptionDescription): string {
  return type.replace(/a text that matches \S+/, 'an address as below');
}

if (import.meta.main) writePage(configurationPart);
