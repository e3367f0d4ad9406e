/** The parameters of permissions, and the tables that they describe. */
import type { RowsSpec } from '../../../../core/ser/types.ts';
import type { ParameterSpec, ParameterValues } from '../../script/types.ts';
import { avpText, databaseUrl, flag, sqlName } from '../value-checks.ts';

export const PERMISSIONS_PARAMETERS: readonly ParameterSpec[] = [
  {
    name: 'default_allow_file',
    type: 'string',
    default: 'permissions.allow',
    describe: "File of what allow_routing() allows; relative to the script's folder.",
  },
  {
    name: 'default_deny_file',
    type: 'string',
    default: 'permissions.deny',
    describe: 'File of what it denies.',
  },
  {
    name: 'check_all_branches',
    type: 'int',
    default: 1,
    describe: '0: allow_routing looks at the Request-URI alone, not at further branches.',
    check: flag,
  },
  {
    name: 'allow_suffix',
    type: 'string',
    default: '.allow',
    describe: 'Behind a base name: the file of what is allowed.',
  },
  {
    name: 'deny_suffix',
    type: 'string',
    default: '.deny',
    describe: 'Behind a base name: the file of what is denied.',
  },
  databaseUrl,
  {
    name: 'db_mode',
    type: 'int',
    default: 0,
    describe:
      '0: changes of the table of trusted senders are seen after 5 s or a little later; 1: after trusted_reload or SIGHUP.',
    check: flag,
  },
  column('trusted_table', 'trusted', 'Table of trusted senders.'),
  column('source_col', 'src_ip', 'Its column with the address.'),
  column('proto_col', 'proto', 'Its column with the transport: udp, tcp, tls, ws, wss, any or none.'),
  column('from_col', 'from_pattern', 'Its column with an expression for the From URI; NULL: any.'),
  column('tag_col', 'tag', 'Its column with the tag; read only if peer_tag_avp is set.'),
  {
    name: 'peer_tag_avp',
    type: 'string',
    default: null,
    describe: 'AVP that allow_trusted puts the tag into.',
    check: (value) => (avpText(String(value)) ? undefined : `must be an AVP such as "$avp(s:tag)", but is "${value}"`),
  },
  column('address_table', 'address', 'Table of addresses and networks, seen after 5 s or a little later.'),
  column('grp_col', 'grp', 'Its column with the number of the group.'),
  column('ip_addr_col', 'ip_addr', 'Its column with the address.'),
  column('mask_col', 'mask', 'Its column with the bits of the network; 32 is the address alone, for IPv6 too.'),
  column('port_col', 'port', 'Its column with the port; 0: any.'),
];

export function trustedSpec(p: ParameterValues, database: string): RowsSpec {
  const columns = [String(p.source_col), String(p.proto_col), String(p.from_col)];
  if (p.peer_tag_avp !== null) columns.push(String(p.tag_col));
  return { database, table: String(p.trusted_table), kind: 'trusted', columns, keys: [] };
}

export function addressSpec(p: ParameterValues, database: string): RowsSpec {
  const columns = [p.grp_col, p.ip_addr_col, p.mask_col, p.port_col].map(String);
  return { database, table: String(p.address_table), kind: 'address', columns, keys: [] };
}

function column(name: string, preset: string, describe: string): ParameterSpec {
  return { name, type: 'string', default: preset, describe, check: sqlName };
}
