/** Which settings a reload can change while people stay in, and what has to be made anew for it; the others wait for the next start. */
import { isDeepStrictEqual } from 'node:util';
import { OWN_SETTINGS, type PortalSettings, settingsOfEach } from './config/model.ts';

type Name = keyof PortalSettings;

/** They stand in the rules of the firewall. */
const FIREWALL = [
  'address_range',
  'mss',
  'trust',
  'rules',
  'garden_domains',
  'total_upload_kbit',
  'total_download_kbit',
] as const satisfies readonly Name[];
/** Programs and pages that decide who comes in. */
const ENTRANCES = [
  'binauth',
  'binauth_shell',
  'preauth',
  'fas_port',
  'fas_address',
  'fas_name',
  'fas_path',
  'fas_level',
  'fas_key',
  'fas_ca',
  'fas_poll_seconds',
] as const satisfies readonly Name[];

const LIVE: ReadonlySet<Name> = new Set<Name>([
  'name',
  'max_clients',
  'web_root',
  'splash_page',
  'status_page',
  'redirect_url',
  'venue_url',
  'session_seconds',
  'preauth_idle_seconds',
  'idle_seconds',
  'check_seconds',
  'trusted_macs',
  'blocked_macs',
  'allowed_macs',
  'login',
  ...FIREWALL,
  ...ENTRANCES,
  'garden_resolver',
  'upload_kbit',
  'download_kbit',
]);

export interface Differences {
  readonly live: readonly Name[];
  readonly waiting: readonly Name[];
}

export function differences(before: PortalSettings, after: PortalSettings): Differences {
  const names = (Object.keys(after) as Name[]).filter((name) => !isDeepStrictEqual(before[name], after[name]));
  return { live: names.filter((name) => LIVE.has(name)), waiting: names.filter((name) => !LIVE.has(name)) };
}

/** What the next start would find changed besides. */
export function waitingForStart(started: PortalSettings, next: PortalSettings): readonly Name[] {
  const cards = (settings: PortalSettings) =>
    settingsOfEach(settings).map(({ interface: name, address }) => [name, address]);
  const others =
    !isDeepStrictEqual(cards(started), cards(next)) && (started.interfaces.length > 1 || next.interfaces.length > 1);
  const { waiting } = differences({ ...started, interfaces: [] }, { ...next, interfaces: [] });
  return others ? [...waiting, 'interfaces'] : waiting;
}

/** What has to be made anew. */
export function anew(changed: readonly Name[]): {
  readonly firewall: boolean;
  readonly entrances: boolean;
  readonly garden: boolean;
} {
  return {
    firewall: changed.some((name) => (FIREWALL as readonly Name[]).includes(name)),
    garden: changed.some((name) => name.startsWith('garden_')),
    entrances: changed.some((name) => (ENTRANCES as readonly Name[]).includes(name)),
  };
}

/** Of `after` what a reload can change, else as it was. */
export function changedLive(before: PortalSettings, after: PortalSettings): PortalSettings {
  return { ...before, ...Object.fromEntries([...LIVE].map((name) => [name, after[name]])) };
}

/** What is to hold on each interface: one that is new waits for a start, one that is no longer named keeps what is its own. */
export function nextOfEach(now: readonly PortalSettings[], next: PortalSettings): PortalSettings[] {
  const after = settingsOfEach(next);
  return now.map((one) => {
    const named =
      after.length === 1 && now.length === 1 ? after[0] : after.find((other) => other.interface === one.interface);
    return named ?? { ...next, ...Object.fromEntries(OWN_SETTINGS.map((name) => [name, one[name]])) };
  });
}
