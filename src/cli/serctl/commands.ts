/** The commands of serctl: how many arguments each takes, and what it does. */
import { setTimeout as wait } from 'node:timers/promises';
import type { BindingView } from '../../core/admin/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { printable } from '../io.ts';
import { userPages } from '../user-pages.ts';
import type { Desk } from './desk.ts';
import { ciscoRestart, ping, tell } from './manage.ts';
import { ROWS_COMMANDS } from './rows.ts';
import { RPID_USAGE, rpid } from './rpid.ts';

interface SerctlCommand {
  usage: string;
  least: number;
  /** Only asks: with these arguments it makes no data directory. */
  reads?(args: readonly string[]): boolean;
  most: number;
  run(desk: Desk, args: string[]): Promise<0 | 1>;
}

const WATCHED = [
  ['version', 'version'],
  ['uptime', 'uptime'],
  ['transactions', 't_stats'],
  ['stateless replies', 'sl_stats'],
  ['contacts', 'ul_stats'],
] as const;

const ask = () => true;
/** A management command of its own name. */
const told = (name: string): SerctlCommand => ({
  usage: name,
  least: 0,
  most: 0,
  reads: ask,
  run: (desk) => tell(desk, name, []),
});

export const COMMANDS: Readonly<Record<string, SerctlCommand>> = {
  add: { usage: 'add <user> <password> [<email>]', least: 2, most: 3, run: add },
  passwd: { usage: 'passwd <user> <password>', least: 2, most: 2, run: passwd },
  rm: { usage: 'rm <user>', least: 1, most: 1, run: rm },
  show: { usage: 'show <user>', least: 1, most: 1, reads: ask, run: show },
  ul: {
    usage: 'ul show [<user>|--brief] | add <user> <contact> [<expires>] | rm <user> [<contact>]',
    least: 1,
    most: 4,
    reads: ([action]) => action === 'show',
    run: contacts('location'),
  },
  alias: {
    usage: 'alias show [<user>|--brief] | add <user> <contact> [<expires>] | rm <user> [<contact>]',
    least: 1,
    most: 4,
    reads: ([action]) => action === 'show',
    run: contacts('aliases'),
  },
  rpid: {
    usage: RPID_USAGE,
    least: 1,
    most: 3,
    reads: ([action]) => action === 'show',
    run: changeRpid,
  },
  showdb: { usage: 'showdb [<user>]', least: 0, most: 1, reads: ask, run: showDatabase },
  ...rowsCommands(),
  ping: { usage: 'ping <uri>', least: 1, most: 1, reads: ask, run: ping },
  cisco_restart: { usage: 'cisco_restart <uri>', least: 1, most: 1, reads: ask, run: ciscoRestart },
  fifo: {
    usage: 'fifo <command> [<argument> ...]',
    least: 1,
    most: 64,
    reads: ask,
    run: (desk, [command, ...args]) => tell(desk, command!, args),
  },
  ps: told('ps'),
  uptime: told('uptime'),
  stats: {
    usage: 'stats [<name> ...]',
    least: 0,
    most: 64,
    reads: ask,
    run: (desk, names) => tell(desk, 'get_statistics', names.length > 0 ? names : ['all']),
  },
  stop: { usage: 'stop', least: 0, most: 0, reads: ask, run: (desk) => tell(desk, 'kill', []) },
  online: { usage: 'online', least: 0, most: 0, reads: ask, run: (desk) => showAors(desk, 'location') },
  moni: { usage: 'moni [n]', least: 0, most: 1, reads: ask, run: watch },
};

function rowsCommands(): Record<string, SerctlCommand> {
  const commands = Object.entries(ROWS_COMMANDS).map(([name, { usage, asks, actions }]) => {
    const command: SerctlCommand = {
      usage,
      least: 1,
      most: 32,
      reads: ([action]) => asks.includes(action!),
      async run(desk, [action, ...args]) {
        const done = Object.hasOwn(actions, action!) ? actions[action!]!(desk, args) : undefined;
        if (done !== undefined) return done;
        desk.io.err(`usage: serctl ${usage}`);
        return 1;
      },
    };
    return [name, command] as const;
  });
  return Object.fromEntries(commands);
}

async function add({ io, administration, login }: Desk, [user, password, email]: string[]): Promise<0 | 1> {
  try {
    await administration.addUser({ login: login(user!), password: password!, email: email ?? '' });
  } catch (error) {
    return said(io, error, 'USER_EXISTS', 'user already exists');
  }
  // The original adds two rows and says so twice; scripts may look for either line.
  io.out('new user added\nnew user into uri table added');
  return 0;
}

async function passwd({ io, administration, login }: Desk, [user, password]: string[]): Promise<0 | 1> {
  try {
    await administration.setPassword(login(user!), password!);
  } catch (error) {
    return said(io, error, 'USER_UNKNOWN', 'non-existent user');
  }
  io.out('password change succeeded');
  return 0;
}

async function show({ io, administration, login }: Desk, [user]: string[]): Promise<0 | 1> {
  try {
    const { logins, email, locked, source } = await administration.showUser(login(user!));
    io.out(
      [logins.join(' '), email, source, locked ? 'locked' : '']
        .filter((text) => text !== '')
        .map(printable)
        .join('\t'),
    );
    return 0;
  } catch (error) {
    return said(io, error, 'USER_UNKNOWN', 'non-existent user');
  }
}

async function changeRpid(desk: Desk, args: string[]): Promise<0 | 1> {
  try {
    const done = await rpid(desk, args);
    if (done === undefined) desk.io.err(`usage: serctl ${RPID_USAGE}`);
    return done ?? 1;
  } catch (error) {
    return said(desk.io, error, 'USER_UNKNOWN', 'non-existent user');
  }
}

/** One user and its contacts; without a user each contact of `location` as SER's script shows it: user, e-mail address, Call-ID. */
async function showDatabase({ io, administration, login }: Desk, [user]: string[]): Promise<0 | 1> {
  if (user === undefined) {
    const bindings = (await administration.listBindings('location')).sort((a, b) => (a.aor < b.aor ? -1 : 1));
    const emails = await emailsOf(administration);
    const rows = bindings.flatMap(({ aor, callId }) => {
      const email = emails.get(aor);
      return email === undefined ? [] : [[aor, email, callId].map(printable).join('\t')];
    });
    if (rows.length > 0) io.out(rows.join('\n'));
    return 0;
  }
  try {
    const shown = userLine(await administration.showUser(login(user)));
    const bindings = await administration.showBindings('location', login(user));
    io.out([shown, ...bindings.map((binding) => `  ${contactLine(binding)}`)].join('\n'));
    return 0;
  } catch (error) {
    return said(io, error, 'USER_UNKNOWN', 'non-existent user');
  }
}

/** By login, and by the name alone, for tables of contacts without domains. */
async function emailsOf(administration: Desk['administration']): Promise<Map<string, string>> {
  const emails = new Map<string, string>();
  for await (const page of userPages(administration)) {
    for (const { logins, email } of page) {
      for (const login of logins)
        for (const key of [login, login.split('@', 1)[0]!]) emails.set(key.toLowerCase(), email);
    }
  }
  return emails;
}

function userLine({ logins, email }: { logins: readonly string[]; email: string }): string {
  const [name = '', domain = ''] = (logins[0] ?? '').split('@', 2);
  return [name, domain, email].map(printable).join('\t');
}

async function rm({ io, administration, login }: Desk, [user]: string[]): Promise<0 | 1> {
  try {
    await administration.removeUser(login(user!));
  } catch (error) {
    return said(io, error, 'USER_UNKNOWN', 'non-existent user');
  }
  io.out('user removed');
  return 0;
}

/** `ul` and `alias` are the same commands over two tables. */
function contacts(table: string): SerctlCommand['run'] {
  return async function run(desk, [action, user, contact, expires]) {
    const { io, administration, login } = desk;
    switch (action) {
      case 'show':
        if (user === '--brief') return showAors(desk, table);
        return user === undefined ? showAll(desk, table) : showOne(desk, table, user);
      case 'add':
        if (user === undefined || contact === undefined) break;
        // Expires 0 (permanent) and q 1.00, as SER's script sends them.
        if (!/^\d{1,10}$/.test(expires ?? '0')) break;
        await administration.addBinding({ table, login: login(user), contact, seconds: Number(expires ?? 0), q: 1 });
        io.out('200 OK');
        return 0;
      case 'rm': {
        if (user === undefined) break;
        const removed = await administration.removeBindings(table, login(user), contact);
        io.out(removed > 0 ? '200 OK' : '404 No registered contacts found');
        return removed > 0 ? 0 : 1;
      }
    }
    io.err(`usage: serctl ${COMMANDS[table === 'location' ? 'ul' : 'alias']!.usage}`);
    return 1;
  };
}

async function showOne({ io, administration, login }: Desk, table: string, user: string): Promise<0 | 1> {
  const bindings = await administration.showBindings(table, login(user));
  if (bindings.length === 0) {
    io.out('404 No registered contacts found');
    return 1;
  }
  io.out(['200 OK', ...bindings.map(contactLine)].join('\n'));
  return 0;
}

async function showAll({ io, administration }: Desk, table: string): Promise<0 | 1> {
  const bindings = await administration.listBindings(table);
  for (const [aor, own] of Map.groupBy(bindings, (binding) => binding.aor)) {
    io.out([printable(aor), ...own.map((binding) => `  ${contactLine(binding)}`)].join('\n'));
  }
  return 0;
}

function contactLine({ contact, q, expires }: BindingView): string {
  return printable(`<${contact}>;q=${q === null ? '' : q.toFixed(2)};expires=${expires ?? 0}`);
}

async function showAors({ io, administration }: Desk, table: string): Promise<0> {
  const bindings = await administration.listBindings(table);
  const aors = [...new Set(bindings.map((binding) => binding.aor))].sort();
  if (aors.length > 0) io.out(aors.map(printable).join('\n'));
  return 0;
}

/** What the original shows, every 2 s, n times or until Ctrl-C. */
async function watch(desk: Desk, [times]: string[]): Promise<0 | 1> {
  const { io, administration } = desk;
  const rounds = times === undefined ? Number.POSITIVE_INFINITY : Number(times);
  for (let round = 0; round < rounds; round++) {
    if (round > 0) await wait(2000);
    for (const [title, command] of WATCHED) {
      const { lines } = await administration.manage(command, []);
      io.out([`[${title}]`, ...lines.map(printable)].join('\n'));
    }
    const { health } = await administration.status();
    io.out(
      `[health]\n${health.map((item) => `${item.severity}: ${printable(item.text)}`).join('\n') || 'all is well'}\n`,
    );
  }
  return 0;
}

/** The original's words for what a script may look for; everything else is an error like any other. */
function said(io: Desk['io'], error: unknown, code: string, words: string): 1 {
  if (!(error instanceof GatehouseError) || error.code !== code) throw error;
  io.err(words);
  return 1;
}
