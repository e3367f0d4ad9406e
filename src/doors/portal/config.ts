/** The `portal` section of gatehouse.yaml. Without it there is no Wi-Fi door. */
import { isIP, isIPv4 } from 'node:net';
import * as z from 'zod';
import { macOf, networkOf } from './config/address.ts';
import { LOGIN_WAYS, POLICIES, RULE_SETS, type Rule, type RuleSetName } from './config/model.ts';
import { FAS_KEYS, fasKey, fileName, hostName, interfaceName, webAddress, webPath } from './config/options.ts';
import { parseRule } from './config/rule.ts';

const mac = read('a MAC address such as 02:00:5e:10:00:01', macOf);
const path = read('a path that begins with /', (text) => (/^\/[^\0]{0,4095}$/.test(text) ? text : undefined));
const macs = z.array(mac).max(10_000).optional();
const kbit = z.int().min(0).max(100_000_000).optional();
const seconds = z.int().min(0).max(31_536_000).optional();

const rule = z.string().transform((text, context): Rule => {
  const parsed = parseRule(text);
  if ('rule' in parsed) return parsed.rule;
  context.addIssue({ code: 'custom', message: `must be a firewall rule: ${parsed.fault.message}`, input: text });
  return z.NEVER;
});
const ruleSet = z.union([z.enum(POLICIES), z.array(rule).min(1).max(1_000)]).optional();
const SETS: Record<RuleSetName, string> = {
  'authenticated-users': 'What may be reached after the login; default passthrough.',
  'preauthenticated-users': 'What may be reached before it, the walled garden; default block.',
  'users-to-router': 'What of this machine may be reached, such as DNS and DHCP; default block.',
  'trusted-users': 'What trusted MAC addresses may reach; default allow.',
  'trusted-users-to-router': 'What of this machine they may reach; default allow.',
};

/** What each of several interfaces may have of its own. */
const ofEach = {
  name: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ live: true })
    .describe('How pages call this network (GatewayName); default NoDogSplash.'),
  address: read('an IPv4 address', (text) => (isIPv4(text) ? text : undefined))
    .optional()
    .describe('Address of this machine there (GatewayAddress); default the first one of the interface.'),
  address_range: read('an IPv4 network', (text) => (text.includes(':') ? undefined : networkOf(text)))
    .optional()
    .meta({ live: true })
    .describe('Clients with other addresses get nowhere (GatewayIPRange); default 0.0.0.0/0.'),
  web_root: path
    .optional()
    .meta({ live: true })
    .describe('Where splash.html and other files lie (WebRoot); default our own pages.'),
  splash_page: read('the name of a file', fileName)
    .optional()
    .meta({ live: true })
    .describe('In web_root (SplashPage); default splash.html.'),
  status_page: read('the name of a file', fileName)
    .optional()
    .meta({ live: true })
    .describe('In web_root (StatusPage); default status.html.'),
  redirect_url: read('an http or https address', webAddress)
    .optional()
    .meta({ live: true })
    .describe('Where everybody is sent after the login (RedirectURL); default where they wanted to go.'),
  venue_url: read('an http or https address', webAddress)
    .optional()
    .meta({ live: true })
    .describe(
      'A page about the place, which devices offer that ask for it (venue-info-url of RFC 8908); default none.',
    ),
  session_seconds: seconds
    .meta({ live: true })
    .describe('How long somebody is in (SessionTimeout); default 0, without end.'),
  login: z
    .enum(LOGIN_WAYS)
    .optional()
    .meta({ live: true })
    .describe(
      'How one gets in where no program decides: by a click, with name and password, by the code of a voucher; default click.',
    ),
  upload_kbit: kbit.meta({ live: true }).describe('What each client may send, in kbit/s; default 0, no limit.'),
  download_kbit: kbit.meta({ live: true }).describe('What each client may get, in kbit/s; default 0, no limit.'),
  total_upload_kbit: kbit
    .meta({ live: true })
    .describe('What all on an interface together may send, in kbit/s (UploadLimit); default 0, no limit.'),
  total_download_kbit: kbit
    .meta({ live: true })
    .describe('What all on an interface together may get, in kbit/s (DownloadLimit); default 0, no limit.'),
  rules: z
    .strictObject(
      Object.fromEntries(RULE_SETS.map((name) => [name, ruleSet.meta({ live: true }).describe(SETS[name])])) as Record<
        RuleSetName,
        typeof ruleSet
      >,
    )
    .prefault({}),
};

export const portalConfig = z.strictObject({
  config: path
    .optional()
    .describe('A nodogsplash.conf, or its UCI form /etc/config/nodogsplash; options here count before what it says.'),
  interface: read('the name of a network interface', interfaceName)
    .optional()
    .describe('The network interface that clients are on (GatewayInterface). It must be given, here or there.'),
  interfaces: z
    .array(
      z.strictObject({
        interface: read('the name of a network interface', interfaceName).describe('Its name.'),
        ...ofEach,
        trust: z
          .boolean()
          .default(true)
          .meta({ live: true })
          .describe('No: trusted_macs, too, log in here, since anybody can take on their addresses.'),
      }),
    )
    .min(1)
    .max(16)
    .optional()
    .describe('In place of `interface`: several, each with what is different there.'),
  name: ofEach.name,
  address: ofEach.address,
  address_range: ofEach.address_range,
  port: z.int().min(1).max(65535).optional().describe('Port of the pages (GatewayPort); default 2050.'),
  max_clients: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .meta({ live: true })
    .describe('Clients that are in at most (MaxClients); default 20.'),
  web_root: ofEach.web_root,
  splash_page: ofEach.splash_page,
  status_page: ofEach.status_page,
  redirect_url: ofEach.redirect_url,
  venue_url: ofEach.venue_url,
  session_seconds: ofEach.session_seconds,
  idle_seconds: seconds
    .meta({ live: true })
    .describe('Out after so long without traffic (AuthIdleTimeout), 0 never; default 7200.'),
  preauth_idle_seconds: seconds
    .meta({ live: true })
    .describe('Forgotten after so long without login (PreAuthIdleTimeout); default 600.'),
  check_seconds: z
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .meta({ live: true })
    .describe('How often traffic is looked at (CheckInterval); default 30. Sessions end to the second all the same.'),
  mss: z
    .union([z.enum(['path', 'as it is']), z.int().min(536).max(65_495)])
    .optional()
    .meta({ live: true })
    .describe('Largest TCP segment in bytes (SetMSS, MSSValue); default as the path allows.'),
  mac_mechanism: z
    .enum(['block', 'allow'])
    .optional()
    .describe(
      'block: everybody but blocked_macs may come; allow: nobody but allowed_macs (MACMechanism); default block.',
    ),
  trusted_macs: macs.meta({ live: true }).describe('They are in without login (TrustedMACList).'),
  blocked_macs: macs.meta({ live: true }).describe('They get nowhere, whatever else is said of them (BlockedMACList).'),
  allowed_macs: macs.meta({ live: true }).describe('See mac_mechanism (AllowedMACList).'),
  binauth: path.optional().meta({ live: true }).describe('Program that decides on logins and hears of each (BinAuth).'),
  binauth_shell: z
    .union([path.transform((one) => [one]), z.array(z.string().min(1)).min(1).max(8)])
    .optional()
    .meta({ live: true })
    .describe(
      'What runs it in place of its first line, with arguments: [/usr/bin/busybox, ash] for scripts of OpenWrt.',
    ),
  preauth: path
    .optional()
    .meta({ live: true })
    .describe('Program whose output strangers see in place of a page (PreAuth).'),
  fas_port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .meta({ live: true })
    .describe('Port of the server with the login page (FASPort).'),
  fas_address: read('an IPv4 address', (text) => (isIPv4(text) ? text : undefined))
    .optional()
    .meta({ live: true })
    .describe('Its address (FASRemoteIP); default that of the gateway.'),
  fas_name: read('a host name', hostName)
    .optional()
    .meta({ live: true })
    .describe('Its name in the address of the page (FASRemoteFQDN).'),
  fas_path: read('a path that begins with /', webPath)
    .optional()
    .meta({ live: true })
    .describe('Path of the page there (FASPath); default /.'),
  fas_level: z
    .union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)])
    .optional()
    .meta({ live: true })
    .describe(
      'What it is told of a client (fas_secure_enabled): 0 the token, 1 with fas_key its hash, 2 all of it encrypted, 3 the same over https, with a list of whom it lets in that is fetched from it; default 1.',
    ),
  fas_key: read(FAS_KEYS, fasKey)
    .meta({ secret: true, live: true })
    .optional()
    .describe('Key that it shares with this server (FASKey).'),
  fas_ca: path
    .optional()
    .meta({ live: true })
    .describe('PEM file: the authorities of its certificate, at level 3; default those that Node knows.'),
  fas_poll_seconds: z
    .int()
    .min(1)
    .max(60)
    .optional()
    .meta({ live: true })
    .describe('How often it is asked for that list, at level 3; default 5.'),
  ndsctl_socket: path.optional().describe('Socket for ndsctl (NdsctlSocket); default /tmp/ndsctl.sock.'),
  login: ofEach.login,
  https: z
    .strictObject({
      name: read('a host name', hostName).describe(
        'The name in the certificate. Clients must get the address of the gateway for it.',
      ),
      port: z.int().min(1).max(65535).default(2443).describe('Port of the same pages over TLS.'),
      certificate: path.describe('PEM file: the certificate, then those of its authorities up to the root.'),
      key: path.describe('PEM file with its private key, without a password; may be the same.'),
    })
    .optional(),
  upload_kbit: ofEach.upload_kbit,
  download_kbit: ofEach.download_kbit,
  total_upload_kbit: ofEach.total_upload_kbit,
  total_download_kbit: ofEach.total_download_kbit,
  garden_domains: z
    .array(read('a host name', hostName))
    .max(200)
    .optional()
    .meta({ live: true })
    .describe('Names whose addresses strangers may reach on the ports of the web, without their subdomains.'),
  garden_resolver: read('an IP address, perhaps with a port', resolverAddress)
    .optional()
    .meta({ live: true })
    .describe('Who is asked for them: best what clients ask, too; default as the system does.'),
  rules: ofEach.rules,
});
/** `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`. */
function resolverAddress(text: string): string | undefined {
  const [, host = text, port] = /^([\d.]+):(\d{1,5})$/.exec(text) ?? [];
  return isIP(host) && Number(port ?? 53) > 0 && Number(port ?? 53) <= 65_535 ? text : undefined;
}

export type PortalConfig = z.output<typeof portalConfig>;

function read(allowed: string, take: (text: string) => string | undefined) {
  return z
    .string()
    .meta({ allowed })
    .transform((text, context) => {
      const taken = take(text);
      if (taken !== undefined) return taken;
      context.addIssue({ code: 'custom', message: `must be ${allowed}`, input: text });
      return z.NEVER;
    });
}
