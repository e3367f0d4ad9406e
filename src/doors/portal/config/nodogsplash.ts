/**
 * Settings from a file of nodogsplash, whichever its form. Everything that is wrong is told at once, each with line, column and cure;
 * options without effect here are warnings.
 *
 * Errors, as problems: PORTAL_UNREADABLE, PORTAL_SYNTAX, PORTAL_OPTION, PORTAL_VALUE, PORTAL_RULE.
 */
import { readFileSync, statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { didYouMean, excerptOf, type Problem } from '../../../platform/problems.ts';
import type { PortalErrorCode } from '../errors.ts';
import { readConf } from './conf-file.ts';
import type { Entries, Entry } from './entries.ts';
import {
  DEFAULTS,
  type GivenSettings,
  OWN_SETTINGS,
  type OwnSettings,
  type Rule,
  type RuleSet,
  type RuleSetName,
} from './model.ts';
import { flag, OPTIONS, segment } from './options.ts';
import { parseRule } from './rule.ts';
import { isUci, readUci } from './uci-file.ts';

type Tell = (
  severity: Problem['severity'],
  code: PortalErrorCode,
  at: { line: number; column: number; length: number },
  message: string,
  cure?: string,
) => void;

export interface ReadSettings {
  readonly settings: GivenSettings;
  readonly ruleSets: Partial<Record<RuleSetName, RuleSet>>;
  readonly problems: readonly Problem[];
}

const LARGEST = 1 << 20;

export function readSettings(file: string): ReadSettings {
  try {
    if (statSync(file).size > LARGEST) throw new Error(`it has more than ${LARGEST} bytes`);
    return settingsIn(readFileSync(file, 'utf8'), file);
  } catch (error) {
    const place = { file, line: 0, column: 0, cure: 'name another file in `portal.config`, or make this one readable' };
    const message = `the file cannot be read: ${(error as Error).message}`;
    return {
      settings: {},
      ruleSets: {},
      problems: [{ severity: 'error', code: 'PORTAL_UNREADABLE', message, ...place }],
    };
  }
}

export function settingsIn(text: string, file: string): ReadSettings {
  const [first, ...others] = isUci(text) ? readUci(text) : [readConf(text)];
  const problems: Problem[] = [];
  const tell: Tell = (severity, code, at, message, cure) => {
    const { line, column, length } = at;
    const excerpt = excerptOf(text, line, column, length);
    problems.push({ severity, code, file, line, column, message, excerpt, ...(cure ? { cure } : {}) });
  };

  const one = readEntries(first!, tell);
  const more = others.filter(isEnabled).map((entries) => readFurther(entries, one, tell));
  if (more.length > 0) one.settings.interfaces = [ownOf(one), ...more];
  return { ...one, problems };
}

type Read = Pick<ReadSettings, 'settings' | 'ruleSets'>;

/** A further section is an instance of its own: what it does not say is as nodogsplash has it, not as another section says. */
function readFurther(entries: Entries, first: Read, tell: Tell): OwnSettings {
  const own = readEntries(entries, tell);
  for (const { option, value, line, column } of entries.options) {
    const known = OPTIONS.get(option);
    if (known === undefined || 'ignored' in known || isOwn(known.sets)) continue;
    const isSame = isDeepStrictEqual(own.settings[known.sets], first.settings[known.sets]);
    if (isSame || known.sets === 'trusted_macs') continue;
    const message = `\`${option} ${value}\` has no effect: that of the first section holds for all`;
    tell('warning', 'PORTAL_IGNORED', { line, column, length: option.length }, message);
  }
  const { trusted_macs: trusted = [] } = own.settings;
  const alien = trusted.find((mac) => !first.settings.trusted_macs?.includes(mac));
  if (alien !== undefined) {
    const { line, column, option } = entries.options.find((it) => it.option === 'trustedmaclist')!;
    const message = `${alien} is not trusted: the list of the first section holds for all that have one`;
    tell('warning', 'PORTAL_IGNORED', { line, column, length: option.length }, message);
  }
  return { ...ownOf(own), trust: trusted.length > 0 };
}

function isEnabled({ options }: Entries): boolean {
  return flag(options.findLast(({ option }) => option === 'enabled')?.value ?? '1', true, false) !== false;
}

function ownOf({ settings, ruleSets }: Read): OwnSettings {
  const said = Object.fromEntries(OWN_SETTINGS.map((name) => [name, settings[name] ?? DEFAULTS[name as 'name']]));
  return { ...said, interface: settings.interface ?? '', rules: { ...DEFAULTS.rules, ...ruleSets } };
}

function isOwn(name: keyof GivenSettings): boolean {
  return (OWN_SETTINGS as readonly string[]).includes(name);
}

function readEntries(entries: Entries, tell: Tell): Read & { settings: GivenSettings } {
  for (const { code, message, cure, ...at } of entries.faults) tell('error', code, at, message, cure);
  const settings: GivenSettings = {};
  for (const entry of entries.options) {
    const option = OPTIONS.get(entry.option);
    const atName = { line: entry.line, column: entry.column, length: entry.option.length };
    const atValue = { line: entry.line, column: entry.valueColumn, length: entry.value.length };
    if (option === undefined) {
      const cure = didYouMean(entry.option, OPTIONS.keys(), 'remove the line');
      tell('error', 'PORTAL_OPTION', atName, `there is no option \`${entry.option}\``, cure);
    } else if ('ignored' in option) {
      tell('warning', 'PORTAL_IGNORED', atName, `\`${entry.option}\` has no effect: ${option.ignored}`);
    } else {
      const value = option.read(entry.value);
      if (value === undefined) tell('error', 'PORTAL_VALUE', atValue, `\`${entry.option}\` must be ${option.allowed}`);
      else Object.assign(settings, { [option.sets]: value });
    }
  }
  settleSegment(settings, entries.options);
  settlePreAuth(settings, entries.options);
  settleTotals(settings, entries.options, tell);
  return { settings, ruleSets: ruleSetsIn(entries, tell) };
}

/** Two options set one thing: the size counts only where it is to be set at all. */
function settleSegment(settings: GivenSettings, entries: readonly Entry[]): void {
  const said = (name: string) => entries.findLast(({ option }) => option === name)?.value;
  const untouched = said('setmss') !== undefined && flag(said('setmss')!, false, true) === true;
  const size = said('mssvalue');
  if (untouched) settings.mss = 'as it is';
  else if (size !== undefined) settings.mss = segment(size);
}

/** Two options name the program: the one that names it counts. */
function settlePreAuth(settings: GivenSettings, entries: readonly Entry[]): void {
  const named = entries.findLast(({ option }) => option === 'preauth');
  if (named) settings.preauth = named.value;
  if (settings.preauth === '') settings.preauth = undefined;
}

/** Limits count only with TrafficControl, which has no value of its own. */
function settleTotals(settings: GivenSettings, entries: readonly Entry[], tell: Tell): void {
  const last = (name: string) => entries.findLast(({ option }) => option === name);
  const isOn = flag(last('trafficcontrol')?.value ?? '0', true, false);
  for (const [name, sets] of [
    ['downloadlimit', 'total_download_kbit'],
    ['uploadlimit', 'total_upload_kbit'],
  ] as const) {
    delete settings[sets];
    const entry = last(name);
    if (entry === undefined) continue;
    if (isOn) Object.assign(settings, { [sets]: Number(entry.value) });
    else {
      const at = { line: entry.line, column: entry.column, length: name.length };
      tell('warning', 'PORTAL_IGNORED', at, `\`${name}\` has no effect without TrafficControl`);
    }
  }
}

function ruleSetsIn({ rules, policies }: Entries, tell: Tell): Partial<Record<RuleSetName, RuleSet>> {
  const sets: Partial<Record<RuleSetName, RuleSet>> = {};
  for (const { set, policy } of policies) sets[set] = policy;
  const read = new Map<RuleSetName, Rule[]>();
  for (const { set, text, line, column } of rules) {
    const parsed = parseRule(text);
    if ('fault' in parsed) {
      const { at, length, message, cure } = parsed.fault;
      tell('error', 'PORTAL_RULE', { line, column: column + at, length }, message, cure);
      continue;
    }
    const list = read.get(set) ?? [];
    read.set(set, [...list, parsed.rule]);
  }
  for (const [set, list] of read) sets[set] = list;
  return sets;
}
