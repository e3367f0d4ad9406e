/**
 * /system/setConfig, getConfig, delConfig: LinOTP's keys and values.
 *
 * The legacy keys SMSProvider (a class) and SMSProviderConfig (its JSON text) are the provider `imported_default`: what holds passwords is
 * kept there, sealed, and shown censored. Errors: OTP_PARAMETER, OTP_PROVIDER, those of SystemConfig and SmsProviders.
 */
import type { SystemConfig } from '../../../core/tokens/types.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import { type AdminCalls, type Caller, changes, type Outcome, reads } from '../call.ts';
import { type Fields, parameterError } from '../fields.ts';
import { providerConfig } from './providers.ts';

const CONFIG_KEY = 'SMSProviderConfig';
const IMPORTED = 'imported_default';
const DEFAULT_CLASS = 'smsprovider.HttpSMSProvider.HttpSMSProvider';
/** Of the call itself. */
const NO_KEYS: ReadonlySet<string> = new Set(['session', 'httperror']);

export function configCalls(config: SystemConfig): AdminCalls {
  return {
    '/system/setConfig': changes(setConfig),
    '/system/getConfig': reads(getConfig),
    '/system/delConfig': changes(delConfig),
  };

  /** `key=K&value=V`, or `K=V` as often as one likes. */
  async function setConfig(fields: Fields, { administration, by }: Caller): Promise<Outcome> {
    const [key, value] = [fields.get('key'), fields.get('value')];
    const given = key !== undefined ? [[key, value ?? '']] : [...fields].filter(([name]) => !NO_KEYS.has(name));
    if (given.length === 0) throw parameterError('Usage error: no key and value to set');
    const values = Object.fromEntries(given) as Record<string, string>;
    const { SMSProviderConfig: providerText, ...plain } = values;
    if (providerText !== undefined || 'SMSProvider' in plain)
      await setImported(administration, plain.SMSProvider, providerText);
    if (Object.keys(plain).length > 0) await config.set(plain, by);
    return {
      value: Object.fromEntries(
        Object.entries(values).map(([name, text]) => [`setConfig ${name}:${shown(name, text)}`, true]),
      ),
    };
  }

  async function setImported(
    administration: Caller['administration'],
    kind: string | undefined,
    text: string | undefined,
  ): Promise<void> {
    const before = (await administration.listSmsProviders()).find(({ name }) => name === IMPORTED);
    // A class alone comes before its configuration, and is remembered until then.
    if (text === undefined && before === undefined) return;
    await administration.setSmsProvider({
      name: IMPORTED,
      class: kind ?? config.get('SMSProvider') ?? DEFAULT_CLASS,
      config: text === undefined ? before!.config : providerConfig(text),
      timeout: before?.timeout ?? null,
      isDefault: true,
    });
  }

  async function getConfig(fields: Fields, { administration }: Caller): Promise<Outcome> {
    const key = fields.get('key');
    if (key === CONFIG_KEY) {
      const found = (await administration.listSmsProviders()).find(({ name }) => name === IMPORTED);
      return { value: { [`getConfig ${key}`]: found ? JSON.stringify(found.config) : null } };
    }
    if (key === undefined) return { value: config.all() };
    return { value: { [`getConfig ${key}`]: config.get(key) ?? null } };
  }

  async function delConfig(fields: Fields, { administration, by }: Caller): Promise<Outcome> {
    const keys = fields.has('key') ? [fields.get('key')!] : [...fields.keys()].filter((name) => !NO_KEYS.has(name));
    if (keys.length === 0) throw parameterError("Missing parameter: 'key'");
    const removed = [];
    for (const key of keys) {
      if (key === CONFIG_KEY) await removeImported(administration);
      removed.push([`delConfig ${key}`, key === CONFIG_KEY || (await config.remove(key, by))]);
    }
    return { value: Object.fromEntries(removed) };
  }
}

async function removeImported(administration: Caller['administration']): Promise<void> {
  await administration.removeSmsProvider(IMPORTED).catch((error) => {
    if (!(error instanceof GatehouseError) || error.code !== 'SMS_PROVIDER_UNKNOWN') throw error;
  });
}

/** LinOTP repeats what was set: not where it holds passwords. */
function shown(name: string, text: string): string {
  return name === CONFIG_KEY ? '...' : text;
}
