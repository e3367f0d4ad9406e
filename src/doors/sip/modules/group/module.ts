/** group: may this user do what the members of a group may? */
import type { RowsSpec } from '../../../../core/ser/types.ts';
import type { ParameterValues, SipModule } from '../../script/types.ts';
import { checkNamedUser, namedUser } from '../named-user.ts';
import { avpText, databaseOf, databaseUrl, flag, sqlName } from '../value-checks.ts';
import { Members } from './members.ts';
import { RegularGroups } from './regular-groups.ts';

const WHOSE = 'of "Request-URI", "To", "From", "Credentials" or a variable with a URI';

export const group: SipModule = {
  name: 'group',
  describe: 'Looks up the groups of users, the access control lists of serctl.',
  needs: [],
  parameters: [
    databaseUrl,
    { name: 'table', type: 'string', default: 'grp', describe: 'Table of who is in which group.', check: sqlName },
    { name: 'user_column', type: 'string', default: 'username', describe: 'Its column with the user.', check: sqlName },
    {
      name: 'domain_column',
      type: 'string',
      default: 'domain',
      describe: 'Its column with the domain.',
      check: sqlName,
    },
    { name: 'group_column', type: 'string', default: 'grp', describe: 'Its column with the group.', check: sqlName },
    {
      name: 'use_domain',
      type: 'int',
      default: 0,
      describe: '1: the domain (of credentials the realm) must be the same too.',
      check: flag,
    },
    {
      name: 're_table',
      type: 'string',
      default: null,
      describe: 'Table of groups by regular expression; unset: get_user_group finds none.',
      check: sqlName,
    },
    {
      name: 're_exp_column',
      type: 'string',
      default: 'reg_exp',
      describe: 'Its column with the expression.',
      check: sqlName,
    },
    {
      name: 're_gid_column',
      type: 'string',
      default: 'group_id',
      describe: "Its column with the group's number.",
      check: sqlName,
    },
    {
      name: 'multiple_gid',
      type: 'int',
      default: 1,
      describe: '1: get_user_group gives all groups that match, 0: the first.',
      check: flag,
    },
  ],
  functions: [
    {
      name: 'is_user_in',
      arity: [2],
      routes: ['request', 'failure'],
      describe: `Is the user ${WHOSE} in the group? -1: no, no such user, or the table cannot be asked. A row is trusted for 5 s.`,
      ownSyntax: [0],
      checkArgument: (index, text) => (index === 0 ? checkNamedUser(text) : undefined),
    },
    {
      name: 'get_user_group',
      arity: [2],
      routes: ['request', 'failure'],
      describe: `Puts the numbers of the groups whose expression matches sip:user@domain ${WHOSE} into the AVP. -1: there is none.`,
      ownSyntax: [0, 1],
      checkArgument: (index, text) => (index === 0 ? checkNamedUser(text) : checkAvp(text)),
    },
  ],
  build(parameters, services, uses) {
    const database = databaseOf(parameters, services);
    const members = new Members(services, membersSpec(parameters, database), parameters.use_domain === 1);
    const groups = new RegularGroups(services, regularSpec(parameters, database), parameters.multiple_gid === 1);
    const asks = uses.argumentsOf('is_user_in').length > 0;
    const matches = uses.argumentsOf('get_user_group').length > 0 && parameters.re_table !== null;
    return {
      functions: {
        is_user_in: (whose, name) => members.check(namedUser(whose!, uses), name!),
        get_user_group: (whose, avp) => groups.find(namedUser(whose!, uses), uses.variable(avpText(avp!)!)!),
      },
      async start() {
        if (asks) await members.open();
        if (matches) await groups.open();
      },
    };
  },
};

function checkAvp(text: string): string | undefined {
  return avpText(text) === undefined ? `must be an AVP such as "i:10" or "$avp(i:10)", but is "${text}"` : undefined;
}

export function membersSpec(p: ParameterValues, database: string): RowsSpec {
  const columns = [String(p.user_column), String(p.domain_column), String(p.group_column)];
  return { database, table: String(p.table), kind: 'grp', columns, keys: [] };
}

function regularSpec(p: ParameterValues, database: string): RowsSpec {
  const columns = [String(p.re_exp_column), String(p.re_gid_column)];
  return { database, table: String(p.re_table ?? 're_grp'), kind: 're_grp', columns, keys: [] };
}
