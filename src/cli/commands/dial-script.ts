/** `gatehouse dial script ACCOUNT show|add|insert|remove` */
import { GatehouseError } from '../../platform/errors.ts';
import { ProblemsError } from '../../platform/problems.ts';
import type { Context } from '../context.ts';
import { answer, openBook, warn } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../io.ts';
import { wholeNumber } from '../whole-number.ts';

export async function run(context: Context, account: string, what: string, words: string[]): Promise<ExitCode> {
  const dialling = await openBook(context);
  const { book } = dialling;
  const before = book.account(account).script;
  const script = changed(before, what, words);
  if (script !== before) {
    const problems = dialling.checkScript(account, script);
    if (problems.some(({ severity }) => severity === 'error')) throw new ProblemsError('DIAL_SCRIPT', problems);
    book.change('accounts', account, { script });
    book.write();
  }
  warn(context, dialling.checkScript(account, script));
  answer(context, { account, script }, () =>
    script.length === 0
      ? 'no script'
      : script.map((line, index) => `${String(index + 1).padStart(3)}  ${printable(line)}`).join('\n'),
  );
  return EXIT.ok;
}

function changed(script: string[], what: string, words: string[]): string[] {
  const [first = '', ...rest] = words;
  switch (what) {
    case 'show':
      return script;
    case 'add':
      return [...script, words.join(' ')];
    case 'insert':
      return script.toSpliced(wholeNumber('line', first, 1, script.length + 1) - 1, 0, rest.join(' '));
    case 'remove':
      return script.toSpliced(wholeNumber('line', first, 1, script.length) - 1, 1);
    default:
      throw new GatehouseError('COMMAND_LINE', `a script cannot be told to \`${what}\``, {
        hint: 'it can: show, add, insert, remove',
      });
  }
}
