/**
 * What a start is told, and what it finds there: gatehouse.yaml and the script, read and found good.
 *
 * Errors: ProblemsError with everything that is wrong with them, SER_DB_URLS_DIFFER, BAD_DATABASE_URL.
 */
import { join } from 'node:path';
import * as z from 'zod';
import { checkHooks, hooksConfig } from '../core/hooks/config.ts';
import { smsOptions } from '../core/sms/config.ts';
import { chooseDatabases, type DatabaseChoice, databaseName } from '../core/storage/choose.ts';
import { httpOptions } from '../doors/console/config.ts';
import { dialConfig } from '../doors/dial/config.ts';
import { checkDial } from '../doors/dial/prepare.ts';
import { otpOptions } from '../doors/otp/config.ts';
import type { PortalSettings } from '../doors/portal/config/model.ts';
import { portalConfig } from '../doors/portal/config.ts';
import { preparePortal } from '../doors/portal/prepare.ts';
import { radiusConfig } from '../doors/radius/config.ts';
import { checkRadius } from '../doors/radius/prepare.ts';
import { sipConfig } from '../doors/sip/config.ts';
import { type PreparedSip, prepareSip, type ReadySip } from '../doors/sip/prepare.ts';
import { type ScriptTables, scriptTables } from '../doors/sip/ser-tables.ts';
import { type LoadedConfig, loadConfig, requireConfig } from '../platform/config/load.ts';
import { GatehouseError } from '../platform/errors.ts';
import { LOG_LEVELS } from '../platform/log-pino.ts';
import { ProblemsError } from '../platform/problems.ts';
import { parseDatabaseUrl } from '../storage/url.ts';
import type { ReadFiles } from './reload.ts';

export interface StartOptions {
  dataDir: string;
  readonly configFile?: string | undefined;
  serCfg?: string;
  environment: NodeJS.ProcessEnv;
}

const realmMap = z.record(z.string().min(1).max(255).toLowerCase(), z.string().min(1).max(64));

/** All of gatehouse.yaml. */
export const configuration = z.strictObject({
  database: z
    .string()
    .min(1)
    .optional()
    .describe(
      'sqlite:PATH, mysql://user:password@host/name or postgres://user:password@host/name, with several hosts if need be; unset: the db_url of ser.cfg, else SQLite in the data directory.',
    ),
  run_as: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*\$?$/i)
    .max(32)
    .optional()
    .meta({ allowed: 'the name of a user of this machine' })
    .describe(
      'Whom a server that root starts becomes; a helper alone stays root. Unset: gatehouse, where there is such a user. root: the rights are kept.',
    ),
  log: z
    .strictObject({
      level: z.enum(LOG_LEVELS).default('info').describe('The least that is logged.').meta({ live: true }),
    })
    .prefault({}),
  users: z
    .strictObject({
      default_domain: z
        .string()
        .max(255)
        .default('')
        .describe('Domain of logins written without one (SIP_DOMAIN).')
        .meta({ live: true }),
      trust_seconds: z
        .number()
        .min(0)
        .max(3600)
        .default(5)
        .describe(
          'How long a user of an attached table is trusted before the row is read again: other tools may change it.',
        ),
      realms: z
        .strictObject({ portal: realmMap.optional(), radius: realmMap.optional(), dial: realmMap.optional() })
        .prefault({})
        .describe(
          'By door, the realm in which a name is looked for: by what stands behind its @, or `*` for all others. What is not named is a local user.',
        ),
    })
    .prefault({}),
  sip: sipConfig.prefault({}),
  http: httpOptions.prefault({}),
  otp: otpOptions.prefault({}),
  portal: portalConfig.optional(),
  radius: radiusConfig.prefault({}),
  dial: dialConfig.prefault({}),
  sms: smsOptions.prefault({}),
  hooks: hooksConfig,
});

/** The configuration and script, read and found good. */
export interface Site extends ReadFiles {
  readonly config: z.output<typeof configuration>;
  readonly sip: ReadySip;
  /** Undefined: there is no Wi-Fi door. */
  readonly portal: PortalSettings | undefined;
  readonly databases: DatabaseChoice;
  readonly tables: ScriptTables;
}

export function readSite(options: StartOptions): Site {
  const { configFile, environment } = options;
  const loaded = loadConfig({ ...(configFile ? { file: configFile } : {}), environment, schema: configuration });
  const config = requireConfig(loaded);
  const prepared: PreparedSip = prepareSip(config.sip, options.serCfg);
  const sip = prepared.ready;
  const portal = config.portal && preparePortal(config.portal);
  const problems = [
    ...prepared.problems,
    ...(portal?.problems ?? []),
    ...checkRadius(config.radius),
    ...checkHooks(config.hooks),
    ...checkDial(config.dial),
  ];
  const isFaulty = problems.some(({ severity }) => severity === 'error');
  if (sip === undefined || isFaulty) throw new ProblemsError('CONFIG_INVALID', problems);
  const databases = databasesOf(loaded, sip, options.dataDir);
  const tables = scriptTables(sip.script, (url) => databaseName(databases, url));
  const serCfg = prepared.file;
  const files = [...(configFile ? [configFile] : []), serCfg, ...(config.portal?.config ? [config.portal.config] : [])];
  const { whereIs } = loaded;
  return {
    config,
    sip,
    portal: portal?.settings,
    serCfg,
    files,
    scriptText: sip.text,
    whereIs,
    databases,
    tables,
    warnings: problems,
  };
}

/** Errors: SER_DB_URLS_DIFFER, BAD_DATABASE_URL with the place that it stands at. */
export function databasesOf(loaded: LoadedConfig<Site['config']>, sip: ReadySip, dataDir: string): DatabaseChoice {
  const configured = loaded.values?.database;
  const fallback = `sqlite:${join(dataDir, 'gatehouse.db')}`;
  const choice = chooseDatabases({ configured, script: sip.databaseUrls, fallback });
  for (const url of [choice.main, choice.attached]) {
    if (url === undefined) continue;
    try {
      parseDatabaseUrl(url);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      const { message, hint = '' } = error;
      const inScript = sip.databaseUrls.find((one) => one.url === url);
      const where = url === configured ? loaded.whereIs(['database']) : inScript?.where;
      throw new GatehouseError('BAD_DATABASE_URL', message, { hint, ...(where ? { where } : {}), cause: error });
    }
  }
  return choice;
}
