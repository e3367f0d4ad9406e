/** `gatehouse dial account|modem add|edit|show|list|remove` */
import type { Dialling, Kind } from '../../main.ts';
import type { Context } from '../context.ts';
import { answer, openBook } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { knownPassword } from '../password.ts';
import { table } from '../table.ts';

type Run<Args extends unknown[]> = (context: Context, ...args: Args) => Promise<0>;
interface PasswordOption {
  passwordStdin?: boolean;
}

export function adding(kind: Kind): { run: Run<[string, string[], PasswordOption]> } {
  return {
    async run(context, name, texts, options) {
      const dialling = await openBook(context);
      dialling.book.add(kind, name, await given(context, dialling, kind, texts, options));
      dialling.book.write();
      const next = kind === 'accounts' ? `; its script: gatehouse dial script ${quoted(name)} add Expect ogin:` : '';
      answer(context, { name }, () => `added ${name}${next}`);
      return EXIT.ok;
    },
  };
}

export function editing(kind: Kind): { run: Run<[string, string[], PasswordOption]> } {
  return {
    async run(context, name, texts, options) {
      const dialling = await openBook(context);
      dialling.book.change(kind, name, await given(context, dialling, kind, texts, options));
      dialling.book.write();
      answer(context, { name }, () => `changed ${name}`);
      return EXIT.ok;
    },
  };
}

export function showing(kind: Kind): { run: Run<[string, { all?: boolean }]> } {
  return {
    async run(context, name, { all = false }) {
      const { book } = await openBook(context);
      const whole: Record<string, unknown> = kind === 'accounts' ? book.account(name) : book.modem(name);
      const settings = { ...(all ? whole : book.said(kind, name)) };
      if (settings.password) settings.password = '***';
      answer(context, { name, settings }, () =>
        table(
          context.io,
          ['SETTING', 'VALUE'],
          Object.entries(settings).map(([key, value]) => [
            key,
            Array.isArray(value) ? value.join(' | ') : String(value),
          ]),
        ),
      );
      return EXIT.ok;
    },
  };
}

export function listing(kind: Kind): { run: Run<[]> } {
  return {
    async run(context) {
      const { book } = await openBook(context);
      const names = book.names(kind);
      answer(context, { [kind]: names }, () => {
        if (names.length === 0) return `no ${kind}`;
        if (kind === 'modems')
          return table(
            context.io,
            ['MODEM', 'DEVICE'],
            names.map((name) => [name, book.modem(name).device]),
          );
        const rows = names.map((name) => {
          const { numbers, user, modem, callback } = book.account(name);
          return [name, numbers.join(', ') || '-', user || '-', modem || '-', callback];
        });
        return table(context.io, ['ACCOUNT', 'NUMBERS', 'USER', 'MODEM', 'CALL BACK'], rows);
      });
      return EXIT.ok;
    },
  };
}

export function removing(kind: Kind): { run: Run<[string]> } {
  return {
    async run(context, name) {
      const { book } = await openBook(context);
      book.remove(kind, name);
      book.write();
      answer(context, { name }, () => `removed ${name}`);
      return EXIT.ok;
    },
  };
}

async function given(
  context: Context,
  dialling: Dialling,
  kind: Kind,
  texts: string[],
  { passwordStdin }: PasswordOption,
): Promise<Record<string, unknown>> {
  const settings = dialling.settings(kind, texts);
  return passwordStdin ? { ...settings, password: await knownPassword(context.io, 'Password: ') } : settings;
}

const quoted = (name: string): string => (/^[\w.+@-]+$/.test(name) ? name : `'${name}'`);
