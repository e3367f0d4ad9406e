/**
 * The settings at the top of a ser.cfg: what each may be, and what Gatehouse does with it.
 *
 * Errors: SCRIPT_GLOBAL, SCRIPT_KAMAILIO. Warnings: SCRIPT_IGNORED. Source: the core settings of SER 0.9.7 and OpenSER 1.3.
 */
import { didYouMean } from '../../../platform/problems.ts';
import { withoutPasswords } from '../../../platform/redact.ts';
import type { Decision } from './decisions.ts';
import type { Problems, Span } from './diagnostics.ts';
import { laterSetting } from './later.ts';
import type { Argument, Assignment } from './syntax.ts';

/** One value of `listen` or `alias`. */
export interface HostEntry {
  /** As written; undefined: any that Gatehouse speaks. */
  readonly protocol: 'udp' | 'tcp' | 'tls' | undefined;
  /** Address without brackets, host name or interface. */
  readonly host: string;
  /** undefined: `listen` takes the value of `port`, `alias` means any. */
  readonly port: number | undefined;
  readonly at: Span;
}

export interface Globals {
  readonly listen: readonly HostEntry[];
  readonly port: number;
  readonly alias: readonly HostEntry[];
  readonly children: number;
  readonly fork: boolean;
  readonly debug: number;
  readonly logStderror: boolean;
  readonly dns: boolean;
  readonly revDns: boolean;
  readonly fifo: string | undefined;
  readonly fifoMode: number | undefined;
  readonly fifoDbUrl: string | undefined;
  readonly serverSignature: boolean;
  readonly serverHeader: string | undefined;
  readonly maxbuffer: number | undefined;
  readonly disableTcp: boolean;
  readonly tls: TlsGlobals;
  readonly advertisedAddress: string | undefined;
  readonly advertisedPort: number | undefined;
  readonly maxWhileLoops: number;
  /** Names of AVPs (`s:email`, `i:53`) by alias. */
  readonly avpAliases: ReadonlyMap<string, string>;
  /** Settings that only a start can change, as they are written. */
  readonly held: ReadonlyMap<string, HeldSetting>;
}

export interface HeldSetting {
  readonly text: string;
  readonly line: number;
}

/** SER's tls_ lines; OpenSER has tls_verify_client and tls_verify_server for tls_verify. */
export interface TlsGlobals {
  readonly certificate: string | undefined;
  readonly privateKey: string | undefined;
  readonly caList: string | undefined;
  readonly verifyClient: boolean;
  readonly verifyServer: boolean;
  readonly requireCertificate: boolean;
  readonly port: number;
  readonly disabled: boolean;
}

type Kind = 'number' | 'switch' | 'text' | 'hosts';

interface Setting {
  readonly kind: Kind;
  /** What Gatehouse does with it. */
  readonly effect: string;
  readonly ignored?: true;
  /** Sockets are opened with it. */
  readonly held?: true;
}

const ignored = (kind: Kind, why: string): Setting => ({ kind, effect: `ignored: ${why}`, ignored: true });
const ONE_PROCESS = 'one process serves all sockets';
const CONTROL = 'commands come over the control socket in the data directory, where serctl finds it';
const LOGGING = 'where and how much is logged is said in gatehouse.yaml';
const RECEIVED =
  "received= is set where the Via does not name the sender's address; names are looked up only for where a request goes";
const RIGHTS = 'user and rights are set by the service and gatehouse.yaml';

const MEMORY = 'it concerns the memory of SER';
const NAMES = 'names are looked up as RFC 3263 says, IPv6 where a socket speaks it';
const FAILOVER = 'a server that fails is passed over, and for a while tried last';
const CONNECTIONS = 'connections have limits of their own';

const SETTINGS: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  ['listen', { kind: 'hosts', effect: 'SIP sockets are opened here', held: true }],
  ['port', { kind: 'number', effect: 'the port of listen entries that name none', held: true }],
  ['alias', { kind: 'hosts', effect: 'a name that is `myself`' }],
  ['debug', { kind: 'number', effect: 'log() of this level and below is written' }],
  ['log_stderror', ignored('switch', LOGGING)],
  ['log_facility', ignored('text', LOGGING)],
  ['log_name', ignored('text', LOGGING)],
  ['fork', ignored('switch', `${ONE_PROCESS}, in the foreground; the service manager keeps it running`)],
  ['children', ignored('number', ONE_PROCESS)],
  ['tcp_children', ignored('number', ONE_PROCESS)],
  ['dns', { kind: 'switch', effect: RECEIVED }],
  ['rev_dns', { kind: 'switch', effect: RECEIVED }],
  ['fifo', { kind: 'text', effect: 'management commands are read from this named pipe, which is made at the start' }],
  ['fifo_mode', ignored('number', 'the FIFO belongs to the user of the server alone (0600)')],
  ['fifo_dir', ignored('text', 'reply fifos lie in /tmp')],
  ['fifo_db_url', ignored('text', 'the modules have their database from their own db_url')],
  ['unix_sock', ignored('text', CONTROL)],
  ['server_signature', { kind: 'switch', effect: 'replies carry a Server header' }],
  ['server_header', { kind: 'text', effect: 'the value of the Server header' }],
  ['maxbuffer', ignored('number', 'UDP sockets always ask for a receive buffer of 4 MB')],
  ['disable_tcp', { kind: 'switch', effect: 'no TCP sockets are opened', held: true }],
  ['advertised_address', { kind: 'text', effect: 'the address in Via and Record-Route', held: true }],
  ['advertised_port', { kind: 'number', effect: 'the port in Via and Record-Route', held: true }],
  ['max_while_loops', { kind: 'number', effect: 'a while that turns more often is left, and the log says so' }],
  ['avp_aliases', { kind: 'text', effect: 'names for AVPs: $avp(alias)' }],
  ['sip_warning', ignored('switch', 'replies carry no Warning header with addresses in it')],
  ['check_via', ignored('switch', 'a response is matched by its branch')],
  ['reply_to_via', ignored('switch', 'replies go where RFC 3261 and RFC 3581 say')],
  ['mhomed', ignored('switch', 'the sending socket is always chosen by the route')],
  ['syn_branch', ignored('switch', 'branches are always unique')],
  ['statistics', ignored('text', 'see `gatehouse` metrics')],
  ['memlog', ignored('number', MEMORY)],
  ['mem_log', ignored('number', MEMORY)],
  [
    'auto_aliases',
    ignored('switch', 'the names that are `myself` are those of alias= and sip.domains; none is looked up'),
  ],
  ['user_agent_header', ignored('text', 'requests that the server makes itself say Gatehouse')],
  ['dns_try_ipv6', ignored('switch', NAMES)],
  ...['dns_retr_time', 'dns_retr_no', 'dns_servers_no'].map((name) => [name, ignored('number', NAMES)] as const),
  ['dns_use_search_list', ignored('switch', NAMES)],
  ['disable_dns_failover', ignored('switch', FAILOVER)],
  ['disable_dns_blacklist', ignored('switch', FAILOVER)],
  [
    'tcp_accept_aliases',
    ignored('switch', 'write force_tcp_alias() where a connection shall be used for what is sent back'),
  ],
  ['tcp_poll_method', ignored('text', CONNECTIONS)],
  ...['tcp_send_timeout', 'tcp_connect_timeout', 'tcp_connection_lifetime', 'tcp_max_connections'].map(
    (name) => [name, ignored('number', CONNECTIONS)] as const,
  ),
  ['mcast_loopback', ignored('switch', 'nothing is sent to groups')],
  ['mcast_ttl', ignored('number', 'nothing is sent to groups')],
  ['tos', ignored('number', 'the mark of packets is for a rule of the firewall to set')],
  ['disable_core_dump', ignored('switch', RIGHTS)],
  ['open_files_limit', ignored('number', RIGHTS)],
  ...['user', 'uid', 'group', 'gid', 'chroot', 'workdir', 'wdir'].map(
    (name) => [name, ignored('text', RIGHTS)] as const,
  ),
  ['mpath', ignored('text', 'modules are built in; only their names count')],
  ['tls_certificate', { kind: 'text', effect: 'the certificate for TLS, unless sip.tls names one' }],
  ['tls_private_key', { kind: 'text', effect: 'its key' }],
  ['tls_ca_list', { kind: 'text', effect: 'the authorities whose certificates are believed' }],
  ['tls_verify', { kind: 'switch', effect: 'whether certificates of clients and servers must be good', held: true }],
  ['tls_verify_client', { kind: 'switch', effect: 'whether certificates that clients show must be good', held: true }],
  [
    'tls_verify_server',
    { kind: 'switch', effect: 'whether servers that we connect to must prove their names', held: true },
  ],
  ...['tls_require_certificate', 'tls_require_client_certificate'].map(
    (name) =>
      [name, { kind: 'switch', effect: 'with tls_verify: clients must show a certificate', held: true }] as const,
  ),
  ['tls_port_no', { kind: 'number', effect: 'the port of TLS on listen entries without a protocol', held: true }],
  ['disable_tls', { kind: 'switch', effect: 'no TLS, whatever the other tls_ lines say', held: true }],
  ...['tls_log', 'tlslog', 'tls_handshake_timeout', 'tls_send_timeout'].map(
    (name) => [name, ignored('number', CONNECTIONS)] as const,
  ),
  ['tls_method', ignored('text', 'TLS 1.2 is the least that is spoken')],
  ['tls_ciphers_list', ignored('text', 'the ciphers are those that Node.js deems good')],
]);

/** `email=s:email_addr;tmp=i:53`. */
function aliasesIn(text: string): Map<string, string> {
  const pairs = text.split(';').map((pair) => pair.trim());
  return new Map(pairs.filter((pair) => pair !== '').map((pair) => pair.split('=', 2) as [string, string]));
}

/** A complaint about a value that its kind alone does not exclude; what is advertised is written into every message. */
function complaintAboutValue(name: string, { text, value }: Argument): string | undefined {
  if (name === 'max_while_loops' && !(value >= 1 && value <= 10_000)) return 'wants a number from 1 to 10000';
  if (name === 'avp_aliases' && !/^\s*([\w-]+=(s|i):[\w.-]+\s*(;\s*|$))+$/.test(text)) {
    return 'wants aliases such as "email=s:email_addr;tmp=i:53"';
  }
  if (name === 'fifo' && text !== '' && !text.startsWith('/')) return 'wants an absolute path';
  if (name === 'advertised_address' && !/^(\[?[0-9a-f:.]*:[0-9a-f:.]*\]?|[a-z0-9][a-z0-9.-]*)$/i.test(text))
    return 'wants an address or a host name';
  if (name === 'advertised_port' && !(Number(value) >= 1 && Number(value) <= 65535)) return 'wants a port';
  return undefined;
}

interface Found {
  readonly value: Argument;
  readonly at: Span;
}

export function readGlobals(
  assignments: readonly Assignment[],
  problems: Problems,
): { globals: Globals; decisions: Decision[] } {
  const found = new Map<string, Found>();
  const hosts: Record<'listen' | 'alias', HostEntry[]> = { listen: [], alias: [] };
  const held = new Map<string, HeldSetting>();
  const decisions: Decision[] = [];

  for (const assignment of assignments) read(assignment);
  warnOfIdle();
  return { globals: collect(), decisions };

  function read({ name, values, at }: Assignment): undefined {
    const setting = SETTINGS.get(name);
    const later = setting ? undefined : laterSetting(name);
    if (later) return problems.error('SCRIPT_KAMAILIO', at, `there is no setting \`${name}\` here`, later);
    if (!setting) {
      return problems.error('SCRIPT_GLOBAL', at, `there is no setting \`${name}\``, {
        cause: 'SER and OpenSER do not know it, or Gatehouse has nothing of that kind',
        cure: didYouMean(name, SETTINGS.keys(), 'remove the line'),
      });
    }
    if (setting.kind === 'hosts') {
      for (const value of values) readHost(name as 'listen' | 'alias', value);
    } else {
      const complaint =
        values.length > 1
          ? 'takes one value'
          : (complaintAbout(setting.kind, values[0]!) ?? complaintAboutValue(name, values[0]!));
      if (complaint)
        return problems.error('SCRIPT_GLOBAL', values.at(-1)!.at, `\`${name}\` ${complaint}`, {
          cure: exampleOf(name, setting.kind),
        });
      found.set(name, { value: values[0]!, at });
    }
    const text = values.map((v) => v.text).join(' ');
    if (setting.held) held.set(name, { text: `${held.get(name)?.text ?? ''} ${text}`, line: at.line });
    decisions.push({
      what: name,
      value: withoutPasswords(text),
      effect: setting.effect,
      line: at.line,
    });
  }

  function readHost(name: 'listen' | 'alias', value: Argument): undefined {
    const entry = parseHost(value);
    if (entry) hosts[name].push(entry);
    else
      problems.error(
        'SCRIPT_GLOBAL',
        value.at,
        `\`${value.text}\` is no address or name to ${name === 'listen' ? 'listen on' : 'be known by'}`,
        { cure: `write ${name}=192.0.2.1, ${name}=udp:192.0.2.1:5060 or a name` },
      );
  }

  function warnOfIdle(): undefined {
    const children = found.get('children');
    const fork = found.get('fork');
    if (children && fork?.value.value === 0) {
      problems.warn('SCRIPT_IGNORED', children.at, 'children has no effect', {
        cause: `fork=no in line ${fork.at.line} asks for one process; Gatehouse always is one`,
        cure: 'the line may stay',
      });
    }
    const socket = found.get('unix_sock');
    if (socket) {
      problems.warn('SCRIPT_IGNORED', socket.at, 'unix_sock is not opened', {
        cause: CONTROL,
        cure: 'the line may stay; programs that write to it can use the FIFO (fifo="/path") or POST /api/v1/manage',
      });
    }
    const fifoDbUrl = found.get('fifo_db_url');
    if (fifoDbUrl) {
      problems.warn('SCRIPT_IGNORED', fifoDbUrl.at, 'fifo_db_url has no effect', {
        cause: 'the server itself never used it, and serctl finds the database without it',
        cure: 'the line may stay; the modules get their database from modparam(..., "db_url", ...)',
      });
    }
  }

  function collect(): Globals {
    const number = (name: string) => found.get(name)?.value.value;
    const on = (name: string, preset: boolean) => (number(name) === undefined ? preset : number(name) !== 0);
    const text = (name: string) => found.get(name)?.value.text;
    return {
      listen: hosts.listen,
      port: number('port') ?? 5060,
      alias: hosts.alias,
      children: number('children') ?? 8,
      fork: on('fork', true),
      debug: number('debug') ?? 0,
      logStderror: on('log_stderror', false),
      dns: on('dns', true),
      revDns: on('rev_dns', true),
      fifo: text('fifo'),
      fifoMode: number('fifo_mode'),
      fifoDbUrl: text('fifo_db_url'),
      serverSignature: on('server_signature', true),
      serverHeader: text('server_header'),
      maxbuffer: number('maxbuffer'),
      disableTcp: on('disable_tcp', false),
      tls: {
        certificate: text('tls_certificate'),
        privateKey: text('tls_private_key'),
        caList: text('tls_ca_list'),
        verifyClient: on('tls_verify_client', on('tls_verify', false)),
        verifyServer: on('tls_verify_server', on('tls_verify', true)),
        requireCertificate: on('tls_require_certificate', on('tls_require_client_certificate', false)),
        port: number('tls_port_no') ?? 5061,
        disabled: on('disable_tls', false),
      },
      advertisedAddress: text('advertised_address')?.replace(/^\[|\]$/g, ''),
      advertisedPort: number('advertised_port'),
      maxWhileLoops: number('max_while_loops') ?? 100,
      avpAliases: aliasesIn(text('avp_aliases') ?? ''),
      held,
    };
  }
}

function complaintAbout(kind: Kind, value: Argument): string | undefined {
  if (kind === 'text') return value.kind === 'variable' ? 'wants a text' : undefined;
  if (value.kind !== 'number') return kind === 'switch' ? 'wants yes or no' : 'wants a number';
  return undefined;
}

function exampleOf(name: string, kind: Kind): string {
  return {
    number: `write ${name}=1`,
    switch: `write ${name}=yes or ${name}=no`,
    text: `write ${name}="text"`,
    hosts: '',
  }[kind];
}

/** `host`, `host:port`, `proto:host`, `proto:host:port`; IPv6 in brackets, or bare when it stands alone. */
function parseHost(value: Argument): HostEntry | undefined {
  if (value.kind === 'variable') return undefined;
  const bare = value.text.includes('::') && !value.text.includes('[');
  if (bare) return { protocol: undefined, host: value.text, port: undefined, at: value.at };
  const parts = /^(?:(udp|tcp|tls):)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+|\*)(?::(\d{1,5}|\*))?$/.exec(value.text);
  if (!parts) return undefined;
  const port = parts[3] === undefined || parts[3] === '*' ? undefined : Number(parts[3]);
  if (port !== undefined && (port < 1 || port > 65535)) return undefined;
  const host = parts[2]!.replace(/^\[|\]$/g, '');
  return { protocol: parts[1] as HostEntry['protocol'], host, port, at: value.at };
}
