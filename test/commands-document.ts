/** The commands for docs/commands.md, from the command tree itself. `node test/commands-document.ts` writes them; a test compares. */
import type { Command } from 'commander';
import { EXIT_MEANING } from '../src/cli/exit-codes.ts';
import { buildProgram } from '../src/cli/program.ts';
import { COMMANDS } from '../src/cli/serctl/commands.ts';
import { type GeneratedPart, table, writePage } from './generated-document.ts';

export const commandsPart: GeneratedPart = {
  page: 'commands.md',
  maker: 'test/commands-document.ts',
  text() {
    const program = buildProgram({
      io: {} as never,
      parts: () => Promise.reject(new Error('not here')),
      finished() {},
    });
    const serctl = Object.values(COMMANDS).map(({ usage }) => usage);
    return [
      '## Commands',
      table(['Command', 'What it does'], leaves(program, 'gatehouse').map(row)),
      'Options of every command:',
      table(['Option', 'What it says'], program.options.map(optionRow)),
      '## Exit status of gatehouse',
      table(['Status', 'Meaning'], Object.entries(EXIT_MEANING)),
      '## serctl',
      serctl.map((usage) => `    serctl ${usage}`).join('\n'),
    ].join('\n\n');
  },
};

/** Commands that do something, with the words that lead there; one with arguments of its own may have others beneath it. */
function leaves(command: Command, path: string): { command: Command; path: string }[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  if (children.length === 0) return [{ command, path }];
  const own = command.registeredArguments.length > 0 ? [{ command, path }] : [];
  return [...own, ...children.flatMap((child) => leaves(child, `${path} ${child.name()}`))];
}

function row({ command, path }: { command: Command; path: string }): string[] {
  const argumentsText = command.registeredArguments.map((one) =>
    one.required ? `<${one.name()}>` : `[${one.name()}]`,
  );
  const explained = [
    ...command.registeredArguments
      .filter(({ description }) => description)
      .map((one) => `\`${one.name()}\`: ${one.description}`),
    ...command.options.map((option) => optionRow(option).join(': ')),
  ];
  const what = [sentence(command.description()), ...explained.map(sentence)].join('<br>');
  return [`\`${[path, ...argumentsText].join(' ')}\``, what];
}

function optionRow({ flags, description, defaultValue }: Command['options'][number]): [string, string] {
  return [`\`${flags}\``, defaultValue === undefined ? description : `${description}; default \`${defaultValue}\``];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}`;
}

if (import.meta.main) writePage(commandsPart);
