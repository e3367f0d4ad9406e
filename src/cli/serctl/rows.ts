/**
 * serctl's commands over the small tables of modules: acl, alias_db, avp, domain, trusted, address.
 *
 * Rows are shown as a database client shows them to a script: a line of names, then a line for each row, fields parted by tabs.
 * A user without domain has rows of any domain shown, and those without one changed.
 */
import type { RowFields, SerList } from '../../core/admin/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { printable } from '../io.ts';
import { AVP_USAGE, wantedAvps } from './avp.ts';
import type { Desk } from './desk.ts';
import { tell } from './manage.ts';

/** Undefined: not used as it should be. */
type Action = (desk: Desk, args: string[]) => Promise<0 | 1> | undefined;

interface RowsCommand {
  readonly usage: string;
  /** By their first argument. */
  readonly actions: Readonly<Record<string, Action>>;
  /** Actions that only ask. */
  readonly asks: readonly string[];
}

export const ROWS_COMMANDS: Readonly<Record<SerList, RowsCommand>> = {
  acl: {
    usage: 'acl show [<user>] | grant <user> <group> ... | revoke <user> [<group>]',
    asks: ['show'],
    actions: {
      show: (desk, [user]) => show(desk, 'acl', user === undefined ? {} : whose(desk, user)),
      grant: (desk, [user, ...groups]) =>
        user === undefined || groups.length === 0 ? undefined : grant(desk, user, groups),
      revoke: (desk, [user, group]) => (user === undefined ? undefined : revoke(desk, user, group)),
    },
  },
  alias_db: {
    usage: 'alias_db show [<alias>] | list <user> | add <alias> <user> | rm <alias>',
    asks: ['show', 'list'],
    actions: {
      show: (desk, [alias]) => show(desk, 'alias_db', alias === undefined ? {} : known(aliasOf(parts(desk, alias)))),
      list: (desk, [user]) => (user === undefined ? undefined : show(desk, 'alias_db', whose(desk, user))),
      add: (desk, [alias, user]) =>
        alias === undefined || user === undefined
          ? undefined
          : add(desk, 'alias_db', { ...aliasOf(parts(desk, alias)), ...parts(desk, user) }),
      rm: (desk, [alias]) => (alias === undefined ? undefined : rm(desk, 'alias_db', aliasOf(parts(desk, alias)))),
    },
  },
  avp: {
    usage: AVP_USAGE,
    asks: ['list'],
    actions: {
      list: (desk, args) => {
        const match = wantedAvps(args, (user) => owner(desk, user));
        return match && show(desk, 'avp', match);
      },
      add: (desk, [user, attribute, type, value]) =>
        user === undefined || attribute === undefined || !/^[0-3]$/.test(type ?? '') || value === undefined
          ? undefined
          : add(desk, 'avp', { ...owner(desk, user), attribute, type: Number(type), value }),
      rm: (desk, args) => {
        const match = args.length > 0 ? wantedAvps(args, (user) => owner(desk, user)) : undefined;
        return match && rm(desk, 'avp', match);
      },
    },
  },
  domain: {
    usage: 'domain show | reload | add <domain> | rm <domain>',
    asks: ['show', 'showdb', 'reload'],
    actions: {
      reload: (desk) => tell(desk, 'domain_reload', []),
      show: (desk) => show(desk, 'domain', {}),
      showdb: (desk) => show(desk, 'domain', {}),
      add: (desk, [domain]) =>
        domain === undefined ? undefined : add(desk, 'domain', { domain: domain.toLowerCase() }),
      rm: (desk, [domain]) => (domain === undefined ? undefined : rm(desk, 'domain', { domain: domain.toLowerCase() })),
    },
  },
  trusted: {
    usage: 'trusted show | dump | reload | add <address> <protocol> [<from_pattern> [<tag>]] | rm <address>',
    asks: ['show', 'dump', 'reload'],
    actions: {
      dump: (desk) => tell(desk, 'trusted_dump', []),
      reload: (desk) => tell(desk, 'trusted_reload', []),
      show: (desk) => show(desk, 'trusted', {}),
      add: (desk, [address, protocol, pattern, tag]) =>
        address === undefined || protocol === undefined
          ? undefined
          : add(desk, 'trusted', {
              src_ip: address,
              proto: protocol.toLowerCase(),
              ...(pattern === undefined ? {} : { from_pattern: pattern }),
              ...(tag === undefined ? {} : { tag }),
            }),
      rm: (desk, [address]) => (address === undefined ? undefined : rm(desk, 'trusted', { src_ip: address })),
    },
  },
  address: {
    usage: 'address show | dump | reload | add <group> <address> [<mask> [<port>]] | rm <group> <address>',
    asks: ['show', 'dump', 'reload'],
    actions: {
      dump: (desk) => tell(desk, 'address_dump', []),
      reload: (desk) => tell(desk, 'address_reload', []),
      show: (desk) => show(desk, 'address', {}),
      add: (desk, [group, address, mask, port]) =>
        address === undefined || ![group, mask ?? '32', port ?? '0'].every((text) => /^\d{1,9}$/.test(text!))
          ? undefined
          : add(desk, 'address', {
              grp: Number(group),
              ip_addr: address,
              mask: Number(mask ?? 32),
              port: Number(port ?? 0),
            }),
      rm: (desk, [group, address]) =>
        address === undefined || !/^\d{1,9}$/.test(group!)
          ? undefined
          : rm(desk, 'address', { grp: Number(group), ip_addr: address }),
    },
  },
};

async function show({ io, administration }: Desk, list: SerList, match: RowFields): Promise<0> {
  const rows = await administration.listRows(list, match);
  if (rows.length === 0) return 0;
  const line = (cells: readonly unknown[]) => cells.map((cell) => printable(String(cell ?? 'NULL'))).join('\t');
  io.out([line(Object.keys(rows[0]!)), ...rows.map((row) => line(Object.values(row)))].join('\n'));
  return 0;
}

async function add({ io, administration }: Desk, list: SerList, row: RowFields): Promise<0> {
  await administration.addRow(list, row);
  io.out(`${list} added`);
  return 0;
}

async function rm({ io, administration }: Desk, list: SerList, match: RowFields): Promise<0 | 1> {
  const gone = await administration.removeRows(list, match);
  if (gone > 0) io.out(`${list} removed`);
  else io.err(`no such ${list}`);
  return gone > 0 ? 0 : 1;
}

/** Only somebody who is there gets into a group: the original's check against a misspelt name. */
async function grant(desk: Desk, user: string, groups: readonly string[]): Promise<0 | 1> {
  const { administration, io } = desk;
  try {
    await administration.showUser(desk.login(user));
  } catch (error) {
    if (!(error instanceof GatehouseError) || error.code !== 'USER_UNKNOWN') throw error;
    io.err('non-existent user');
    return 1;
  }
  for (const grp of groups) await administration.addRow('acl', { ...parts(desk, user), grp });
  return show(desk, 'acl', whose(desk, user));
}

async function revoke(desk: Desk, user: string, grp: string | undefined): Promise<0 | 1> {
  const gone = await desk.administration.removeRows('acl', {
    ...parts(desk, user),
    ...(grp === undefined ? {} : { grp }),
  });
  if (gone === 0) {
    desk.io.err(`${user} is not in ${grp ?? 'any group'}`);
    return 1;
  }
  return show(desk, 'acl', whose(desk, user));
}

function parts({ login }: Desk, user: string): { username: string; domain: string } {
  const [username = '', domain = ''] = login(user.replace(/^sips?:/i, '')).split('@', 2);
  return { username, domain: domain.toLowerCase() };
}

function aliasOf({ username, domain }: { username: string; domain: string }) {
  return { alias_username: username, alias_domain: domain };
}

/** Without a domain: of any. */
function whose(desk: Desk, user: string): RowFields {
  const { username, domain } = parts(desk, user);
  return domain === '' ? { username } : { username, domain };
}

function known({ alias_username, alias_domain }: ReturnType<typeof aliasOf>): RowFields {
  return alias_domain === '' ? { alias_username } : { alias_username, alias_domain };
}

/** What is no user@domain is a uuid, as for the original. */
function owner(desk: Desk, user: string): RowFields {
  return user.includes('@') ? parts(desk, user) : { uuid: user };
}
