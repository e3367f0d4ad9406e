/**
 * What the files say, without a server: what `up` would find and decide, and the way of a message through the script.
 */
import { checkHooks } from '../core/hooks/config.ts';
import { checkDial } from '../doors/dial/prepare.ts';
import { settingsOfEach } from '../doors/portal/config/model.ts';
import { dhcpLine, preparePortal } from '../doors/portal/prepare.ts';
import { checkRadius } from '../doors/radius/prepare.ts';
import { type CoreListing, listCore, listModules, type ModuleListing } from '../doors/sip/listing.ts';
import { prepareSip, type ReadySip } from '../doors/sip/prepare.ts';
import { type AbsentListing, listAbsent } from '../doors/sip/script/absent-modules.ts';
import { type TraceReport, traceMessage } from '../doors/sip/trace.ts';
import { type LoadedConfig, loadConfig } from '../platform/config/load.ts';
import { GatehouseError } from '../platform/errors.ts';
import { asProblem, type Problem } from '../platform/problems.ts';
import { databaseLabel, parseDatabaseUrl } from '../storage/url.ts';
import { configuration, databasesOf, readSite, type Site, type StartOptions } from './site.ts';

export interface CheckReport {
  file: string;
  problems: Problem[];
  decisions: Decision[];
}

/** What was decided, and why or to what effect. `where` is missing where nobody asked for it. */
export interface Decision {
  what: string;
  value: string;
  effect?: string;
  where?: string;
  group: 'main' | 'script';
}

/** What `up` would find and decide. `file`: a gatehouse.yaml or a ser.cfg to look at instead of the configured ones. */
export async function check(options: StartOptions & { file?: string }): Promise<CheckReport> {
  const { file } = options;
  const isYaml = file !== undefined && /\.ya?ml$/.test(file);
  const configFile = isYaml ? file : options.configFile;
  const loaded = loadConfig({
    ...(configFile ? { file: configFile } : {}),
    environment: options.environment,
    schema: configuration,
  });
  const report: CheckReport = { file: configFile ?? 'the defaults', problems: [...loaded.problems], decisions: [] };
  if (loaded.values === undefined) return report;
  const sip = prepareSip(loaded.values.sip, isYaml || file === undefined ? options.serCfg : file);
  report.file = configFile && configFile !== sip.file ? `${configFile}, ${sip.file}` : sip.file;
  report.problems.push(...sip.problems);
  const portal = loaded.values.portal && preparePortal(loaded.values.portal);
  report.problems.push(...(portal?.problems ?? []));
  report.problems.push(...checkRadius(loaded.values.radius), ...checkDial(loaded.values.dial));
  report.problems.push(...checkHooks(loaded.values.hooks));
  report.decisions.push({ what: 'SIP script', value: sip.file, group: 'main' });
  if (portal?.settings) {
    const effect = 'for dnsmasq: devices learn where the page is (RFC 8910)';
    for (const one of settingsOfEach(portal.settings))
      report.decisions.push({ what: 'DHCP option', value: dhcpLine(one), effect, group: 'main' });
  }
  try {
    if (sip.ready) report.decisions.push(...databaseDecisions(loaded, sip.ready, options.dataDir));
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    report.problems.push(asProblem(error));
  }
  report.decisions.push(...sip.decisions);
  return report;
}

/** One message through the script, without a network. Errors: ProblemsError with those of configuration and script. */
export async function trace(
  options: StartOptions & { message: string; results: ReadonlyMap<string, number> },
): Promise<TraceReport> {
  const { config, sip } = readSite(options);
  return traceMessage(sip, options.message, { domains: config.sip.domains, results: options.results });
}

/** What a ser.cfg can use. */
export function listScriptModules(): { core: CoreListing; modules: ModuleListing[]; elsewhere: AbsentListing[] } {
  return { core: listCore(), modules: listModules(), elsewhere: listAbsent() };
}

function databaseDecisions(loaded: LoadedConfig<Site['config']>, sip: ReadySip, dataDir: string): Decision[] {
  const { main, attached, reason } = databasesOf(loaded, sip, dataDir);
  const shown = (url: string) => databaseLabel(parseDatabaseUrl(url));
  const decisions: Decision[] = [{ what: 'database', value: shown(main), effect: reason, group: 'main' }];
  if (attached)
    decisions.push({ what: 'attached', value: shown(attached), effect: 'db_url of ser.cfg', group: 'main' });
  return decisions;
}
