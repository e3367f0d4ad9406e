/** The management commands for docs/management.md, from their definitions. `node test/management-document.ts` writes them; a test compares. */
import { ABSENT, COMMANDS, usage } from '../src/doors/sip/management/commands.ts';
import { type GeneratedPart, table, writePage } from './generated-document.ts';

export const managementPart: GeneratedPart = {
  page: 'management.md',
  maker: 'test/management-document.ts',
  text() {
    const rows = [...COMMANDS.values()].map((command) => [
      `\`${command.name}\``,
      usage(command),
      `${command.describe}.`,
      command.reply,
    ]);
    const absent = Object.entries(ABSENT).map(([name, why]) => [`\`${name}${name.endsWith('_') ? '…' : ''}\``, why]);
    return [
      '## Commands',
      table(['Command', 'Arguments', 'What it does', 'Reply'], rows),
      '## Not there',
      "These are answered `500 command 'NAME' not available`, with the reason.",
      table(['Command', 'In its place'], absent),
    ].join('\n\n');
  },
};

if (import.meta.main) writePage(managementPart);
