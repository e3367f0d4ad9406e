/** What the door is told, whichever file it stands in. */

export const RULE_SETS = [
  'authenticated-users',
  'preauthenticated-users',
  'users-to-router',
  'trusted-users',
  'trusted-users-to-router',
] as const;
export type RuleSetName = (typeof RULE_SETS)[number];

export const POLICIES = ['allow', 'block', 'passthrough'] as const;
/** What becomes of all packets where a set has no rules. */
export type Policy = (typeof POLICIES)[number];

export interface Rule {
  /** `block` answers, `drop` does not; after `log` the next rule is looked at. */
  readonly action: 'allow' | 'block' | 'drop' | 'log';
  readonly protocol: 'all' | 'tcp' | 'udp' | 'icmp';
  /** First and last, only of tcp and udp. */
  readonly ports: readonly [number, number] | undefined;
  /** A set of addresses that other programs fill. */
  readonly addressSet: string | undefined;
  /** An address or network as nft writes it; undefined: anywhere. */
  readonly to: string | undefined;
}

/** With rules, a packet that none of them matches is blocked. */
export type RuleSet = Policy | readonly Rule[];
export type RuleSets = Readonly<Record<RuleSetName, RuleSet>>;

/** What a FAS is told of a client: the token itself, its hash (with a key), all of it encrypted, that over https. */
export type FasLevel = 0 | 1 | 2 | 3;

export interface HttpsSettings {
  /** Of the certificate; clients get the gateway's address for it. */
  readonly name: string;
  readonly port: number;
  /** PEM files. */
  readonly certificate: string;
  readonly key: string;
}

export const LOGIN_WAYS = ['click', 'password', 'voucher', 'password or voucher'] as const;
export type LoginWay = (typeof LOGIN_WAYS)[number];

/** What each of several interfaces may have of its own. */
export const OWN_SETTINGS = [
  'interface',
  'name',
  'address',
  'address_range',
  'web_root',
  'splash_page',
  'status_page',
  'redirect_url',
  'venue_url',
  'session_seconds',
  'login',
  'upload_kbit',
  'download_kbit',
  'total_upload_kbit',
  'total_download_kbit',
  'trust',
  'rules',
] as const satisfies readonly (keyof PortalSettings)[];
type OwnName = (typeof OWN_SETTINGS)[number];
export type OwnSettings = Pick<PortalSettings, 'interface'> & Partial<Pick<PortalSettings, OwnName>>;

/** In a second. */
export const BYTES_OF_KBIT = 125;

/** Times in seconds, 0 = no limit. MAC addresses in lower case with colons. */
export interface PortalSettings {
  /** The first one. */
  readonly interface: string;
  /** Empty: there is no other, and it has nothing of its own. */
  readonly interfaces: readonly OwnSettings[];
  readonly name: string;
  /** IPv4 address of the gateway; undefined: the first one of the interface. */
  readonly address: string | undefined;
  /** Clients outside of it are not ours. */
  readonly address_range: string;
  readonly port: number;
  readonly max_clients: number;
  /** Where splash pages and other files lie; undefined: our own theme. */
  readonly web_root: string | undefined;
  readonly splash_page: string;
  readonly status_page: string;
  /** Where everybody goes after the login; undefined: where they wanted to go. */
  readonly redirect_url: string | undefined;
  /** What devices show of the place (RFC 8908). */
  readonly venue_url: string | undefined;
  readonly session_seconds: number;
  readonly preauth_idle_seconds: number;
  readonly idle_seconds: number;
  readonly check_seconds: number;
  /** Largest TCP segment: as the path allows, a number of bytes, or untouched. */
  readonly mss: 'path' | 'as it is' | number;
  readonly mac_mechanism: 'block' | 'allow';
  readonly trusted_macs: readonly string[];
  readonly blocked_macs: readonly string[];
  readonly allowed_macs: readonly string[];
  /** Whether those of `trusted_macs` are. */
  readonly trust: boolean;
  /** Program that is asked, and told of logins and logouts. */
  readonly binauth: string | undefined;
  /** What runs it, in place of what its first line says; empty: the program itself. */
  readonly binauth_shell: readonly string[];
  /** Program whose output strangers see in place of a page. */
  readonly preauth: string | undefined;
  /** Of the server that shows the login page (FAS); 0: there is none. */
  readonly fas_port: number;
  /** Undefined: that of the gateway. */
  readonly fas_address: string | undefined;
  /** How the address of the page calls that server; undefined: by its address. */
  readonly fas_name: string | undefined;
  readonly fas_path: string;
  readonly fas_level: FasLevel;
  readonly fas_key: string | undefined;
  /** PEM file with the authorities of its certificate; undefined: those that Node knows. */
  readonly fas_ca: string | undefined;
  /** How often it is asked whom it lets in, at level 3. */
  readonly fas_poll_seconds: number;
  readonly ndsctl_socket: string;
  /** How somebody gets in where no program decides. */
  readonly login: LoginWay;
  readonly rules: RuleSets;
  /** The same pages over TLS, which RFC 8908 wants; undefined: only over HTTP. */
  readonly https: HttpsSettings | undefined;
  /** What each client may send and get in a second; 0: no limit. */
  readonly upload_kbit: number;
  readonly download_kbit: number;
  /** What all together on an interface may. */
  readonly total_upload_kbit: number;
  readonly total_download_kbit: number;
  /** Names that strangers may reach, and who is asked for their addresses: an address, perhaps with a port; undefined: as the system does. */
  readonly garden_domains: readonly string[];
  readonly garden_resolver: string | undefined;
}

export const DEFAULTS: Omit<PortalSettings, 'interface'> = {
  interfaces: [],
  name: 'NoDogSplash',
  address: undefined,
  address_range: '0.0.0.0/0',
  port: 2050,
  max_clients: 20,
  web_root: undefined,
  splash_page: 'splash.html',
  status_page: 'status.html',
  redirect_url: undefined,
  venue_url: undefined,
  session_seconds: 0,
  preauth_idle_seconds: 600,
  idle_seconds: 7200,
  check_seconds: 30,
  mss: 'path',
  mac_mechanism: 'block',
  trusted_macs: [],
  blocked_macs: [],
  allowed_macs: [],
  trust: true,
  binauth: undefined,
  binauth_shell: [],
  preauth: undefined,
  fas_port: 0,
  fas_address: undefined,
  fas_name: undefined,
  fas_path: '/',
  fas_level: 1,
  fas_key: undefined,
  fas_ca: undefined,
  fas_poll_seconds: 5,
  ndsctl_socket: '/tmp/ndsctl.sock',
  login: 'click',
  https: undefined,
  upload_kbit: 0,
  download_kbit: 0,
  total_upload_kbit: 0,
  total_download_kbit: 0,
  garden_domains: [],
  garden_resolver: undefined,
  rules: {
    'authenticated-users': 'passthrough',
    'preauthenticated-users': 'block',
    'users-to-router': 'block',
    'trusted-users': 'allow',
    'trusted-users-to-router': 'allow',
  },
};

/** What a file says of the settings; what it does not say is not there. */
export type GivenSettings = { -readonly [K in keyof PortalSettings]?: PortalSettings[K] | undefined };

/** As each interface has them. */
export function settingsOfEach(settings: PortalSettings): PortalSettings[] {
  if (settings.interfaces.length === 0) return [settings];
  return settings.interfaces.map((own) => ({ ...settings, ...own, interfaces: [] }));
}
