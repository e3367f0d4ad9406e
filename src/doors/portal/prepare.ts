/**
 * The settings as far as files alone tell them: what `check` says, and what the door is then made of.
 *
 * Errors, as problems: those of config/nodogsplash.ts, PORTAL_MISSING, PORTAL_VALUE, PORTAL_PROGRAM, PORTAL_PAGES.
 */
import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../../platform/problems.ts';
import {
  DEFAULTS,
  type GivenSettings,
  OWN_SETTINGS,
  type OwnSettings,
  type PortalSettings,
  type Rule,
  type RuleSet,
  type RuleSetName,
  type RuleSets,
  settingsOfEach,
} from './config/model.ts';
import { type ReadSettings, readSettings } from './config/nodogsplash.ts';
import type { PortalConfig } from './config.ts';
import type { PortalErrorCode } from './errors.ts';
import { CAPTIVE_PATH } from './http/captive-api.ts';

export interface PreparedPortal {
  /** Undefined: the problems hold errors. */
  readonly settings: PortalSettings | undefined;
  readonly problems: readonly Problem[];
}

export function preparePortal(config: PortalConfig): PreparedPortal {
  const { config: file, rules, interfaces: named = [], ...options } = config;
  const read: ReadSettings = file ? readSettings(file) : { settings: {}, ruleSets: {}, problems: [] };
  const problems = [...read.problems];
  const given: GivenSettings = { ...read.settings, ...withoutUndefined(options) };
  const commonRules = withRules({ ...DEFAULTS.rules, ...read.ruleSets }, rules);
  const over = Object.entries(withoutUndefined(options)).filter(([name]) => OWN.has(name));
  // Those in gatehouse.yaml stand in place of those in the file; what it says of all holds for these, too.
  const interfaces: readonly OwnSettings[] =
    named.length > 0
      ? named.map((own) => ({ ...withoutUndefined(own), rules: withRules(commonRules, own.rules) }) as OwnSettings)
      : (read.settings.interfaces ?? []).map((own) => ({
          ...own,
          ...Object.fromEntries(over),
          interface: own.interface,
          rules: withRules(own.rules ?? commonRules, rules),
        }));
  const settings = {
    ...DEFAULTS,
    ...given,
    interface: interfaces[0]?.interface ?? given.interface ?? '',
    interfaces,
    rules: commonRules,
  } as PortalSettings;
  const tell: Tell = (severity, code, message, cure) =>
    problems.push({ severity, code, file: file ?? '`portal` of gatehouse.yaml', line: 0, column: 0, message, cure });

  if (settings.interface === '' && !hasErrors(problems))
    tell('error', 'PORTAL_MISSING', 'no interface is named', 'set `interface`, or GatewayInterface');
  if (interfaces.length > 0) checkInterfaces(config, interfaces, tell);
  for (const [option, idle] of [
    ['idle_seconds', settings.idle_seconds],
    ['preauth_idle_seconds', settings.preauth_idle_seconds],
  ] as const) {
    if (idle === 0 || 2 * settings.check_seconds < idle) continue;
    const message = `check_seconds (${settings.check_seconds}) is not less than half of ${option} (${idle})`;
    tell('error', 'PORTAL_VALUE', message, 'look more often, or wait longer');
  }
  for (const { interface: card, rules: own } of settingsOfEach(settings)) {
    if (own['users-to-router'] !== 'block') continue;
    const of = interfaces.length > 1 ? ` of ${card}` : '';
    const message = `users-to-router${of} blocks everything: clients get no answer from DNS and DHCP of this machine`;
    tell('warning', 'PORTAL_RULES_OPEN', message, 'allow udp port 53, tcp port 53 and udp port 67');
  }
  for (const program of [settings.binauth, settings.preauth]) {
    const fault = program && faultOfProgram(program);
    if (fault)
      tell('error', 'PORTAL_PROGRAM', `${program} ${fault}`, 'correct the path, or make it executable: chmod +x');
  }
  for (const own of settingsOfEach(settings)) checkPages(own, tell);
  const { binauth } = settings;
  if (binauth && settings.binauth_shell.length === 0 && isForAnotherShell(binauth))
    tell('warning', 'PORTAL_PROGRAM', `${binauth} is written for another shell than this machine's /bin/sh`, ASH);
  if (settings.preauth && settings.fas_port > 0)
    tell('warning', 'PORTAL_FAS', 'a PreAuth program takes the place of the FAS', 'remove one of them');
  else if (settings.fas_port > 0) checkFas(settings, tell);
  return { settings: hasErrors(problems) ? undefined : withFasRules(settings), problems };
}

const OWN: ReadonlySet<string> = new Set(OWN_SETTINGS);

function withRules(below: RuleSets, above: Partial<RuleSets> | PortalConfig['rules']): RuleSets {
  return { ...below, ...withoutUndefined(above) } as RuleSets;
}

function checkInterfaces({ interface: one, address }: PortalConfig, all: readonly OwnSettings[], tell: Tell): void {
  if (one !== undefined || address !== undefined) {
    const message = 'where there are several interfaces, neither `interface` nor `address` can stand for all';
    tell('error', 'PORTAL_VALUE', message, 'name all interfaces in `interfaces`, each with its own address');
  }
  const names = all.map((own) => own.interface);
  if (names.includes('')) tell('error', 'PORTAL_MISSING', 'a section names no interface', 'set GatewayInterface');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) tell('error', 'PORTAL_VALUE', `the interface ${twice} is named twice`, 'name each interface once');
}

type Tell = (severity: Problem['severity'], code: PortalErrorCode, message: string, cure: string) => void;

/** Ours take the place of those that are missing, and so would of those that cannot be read. */
function checkPages({ web_root, splash_page, status_page }: PortalSettings, tell: Tell): void {
  if (web_root === undefined) return;
  for (const path of [web_root, join(web_root, splash_page), join(web_root, status_page)]) {
    const code = faultOfReading(path);
    if (code === 'ENOENT' && path === web_root)
      tell(
        'warning',
        'PORTAL_PAGES',
        `${path} is missing: clients see our own pages`,
        'correct `web_root`, or WebRoot',
      );
    else if (code !== undefined && code !== 'ENOENT') {
      const cure = 'let the user of this server enter its folders and read it: chmod';
      tell('error', 'PORTAL_PAGES', `${path} cannot be read (${code}): clients would see another page`, cure);
      return;
    }
  }
}

function faultOfReading(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

function checkFas({ fas_level, fas_key, fas_ca, login, binauth }: PortalSettings, tell: Tell): void {
  if (fas_level >= 2 && fas_key === undefined)
    tell('error', 'PORTAL_FAS', `level ${fas_level} of the FAS needs a key`, 'set `fas_key`, or FASKey');
  if (fas_level === 3 && fas_ca !== undefined && !isCertificate(fas_ca))
    tell('error', 'PORTAL_FAS', `${fas_ca} cannot be read, or has no certificate`, 'name a PEM file in `fas_ca`');
  if (fas_level === 3 && login !== 'click' && !binauth) {
    const message = `at level 3 the FAS sends no name along, so that with \`login: ${login}\` nobody gets in`;
    tell('warning', 'PORTAL_FAS', message, 'use level 2, or `login: click`: its page has asked who it is');
  }
  if (fas_level === 0) {
    const message = 'at level 0 clients see their token on the way to the FAS, and can leave its page out';
    tell('warning', 'PORTAL_FAS', message, 'use level 1 or 2 with a key that the FAS shares');
  }
}

/** Its page must be reached before the login, and greets after it. */
function withFasRules(settings: PortalSettings): PortalSettings {
  const { fas_port: port, fas_address: to } = settings;
  if (port === 0 || settings.preauth) return settings;
  const rule: Rule = { action: 'allow', protocol: 'tcp', ports: [port, port], addressSet: undefined, to };
  const open = (set: RuleSet): RuleSet => (set === 'block' ? [rule] : typeof set === 'string' ? set : [rule, ...set]);
  const names: RuleSetName[] =
    to === undefined ? ['users-to-router'] : ['preauthenticated-users', 'authenticated-users'];
  const opened = (rules: RuleSets) => ({
    ...rules,
    ...Object.fromEntries(names.map((name) => [name, open(rules[name])])),
  });
  return {
    ...settings,
    rules: opened(settings.rules),
    interfaces: settings.interfaces.map((own) => ({ ...own, rules: opened(own.rules ?? settings.rules) })),
  };
}

/** What dnsmasq has to say so that devices ask the door whether they are captive. */
export function dhcpLine({ address, port, interface: card, https }: PortalSettings): string {
  if (https) return `dhcp-option-force=114,https://${https.name}:${https.port}${CAPTIVE_PATH}`;
  return `dhcp-option-force=114,http://${address ?? `ADDRESS-OF-${card}`}:${port}${CAPTIVE_PATH}`;
}

const ASH = 'set `binauth_shell: [/usr/bin/busybox, ash]`, or write bash into its first line';
const LARGEST_SCRIPT = 1 << 20;

/** dash takes a wrong turn at them without a word: `[ a == b ]` is never true there, `${a//b/c}` ends the script. */
function isForAnotherShell(path: string): boolean {
  try {
    if (!realpathSync('/bin/sh').endsWith('/dash') || statSync(path).size > LARGEST_SCRIPT) return false;
    const text = readFileSync(path, 'latin1');
    return /^#! *\/bin\/sh\s/.test(text) && /^[^#\n]*(?:\[ [^\n]* == |\$\{\w+\/)/m.test(text);
  } catch {
    return false;
  }
}

function isCertificate(path: string): boolean {
  try {
    return readFileSync(path, 'latin1').includes('-----BEGIN CERTIFICATE-----');
  } catch {
    return false;
  }
}

function faultOfProgram(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'is not a file';
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : 'cannot be executed';
  }
}

function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

function withoutUndefined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
