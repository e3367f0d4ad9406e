/**
 * /system/…Provider: SMS gateways as LinOTP's administrators set them up. Secrets in configurations are replaced by a fixed word; sent
 * back, it stands for the secret that was there.
 *
 * Errors: OTP_PARAMETER, OTP_PROVIDER, those of SmsProviders.
 */
import type { Administration } from '../../../core/admin/types.ts';
import type { SmsConfig, SmsDefinition } from '../../../core/sms/types.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import { type AdminCalls, changes, type Outcome, reads } from '../call.ts';
import { type Fields, isOn, parameterError, requiredField, wholeNumber } from '../fields.ts';
import type { Json } from '../reply.ts';

export const PROVIDER_CALLS: AdminCalls = {
  '/system/setProvider': changes(async (fields, { administration }) => setProvider(fields, administration)),
  '/system/getProvider': reads(async (fields, { administration }) => getProvider(fields, administration)),
  '/system/delProvider': changes(async (fields, { administration }) => delProvider(fields, administration)),
  '/system/setDefaultProvider': changes(async (fields, { administration }) => setDefault(fields, administration)),
  '/system/getProviderDef': reads(async (fields) => providerDefinition(fields)),
  '/system/testProvider': changes(async (fields, { administration }) => testProvider(fields, administration)),
};

async function setProvider(fields: Fields, administration: Administration): Promise<Outcome> {
  for (const name of ['name', 'type', 'class', 'config', 'timeout'])
    if (!fields.has(name)) throw parameterError(`missing key KeyError('${name}')`);
  requireSms(fields);
  await administration.setSmsProvider({
    name: fields.get('name')!,
    class: fields.get('class')!,
    config: providerConfig(fields.get('config')!),
    timeout: wholeNumber(fields, 'timeout') || null,
    isDefault: isOn(fields, 'default'),
  });
  return { value: true };
}

async function getProvider(fields: Fields, administration: Administration): Promise<Outcome> {
  requireSms(fields);
  const name = fields.get('name');
  const all = await administration.listSmsProviders();
  return {
    value: Object.fromEntries(all.filter((one) => !name || one.name === name).map((one) => [one.name, view(one)])),
  };
}

async function delProvider(fields: Fields, administration: Administration): Promise<Outcome> {
  requireSms(fields);
  try {
    await administration.removeSmsProvider(requiredField(fields, 'name'));
    return { value: true };
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    if (error.code === 'SMS_PROVIDER_DEFAULT')
      return { value: false, detail: { message: 'Default provider could not be deleted!' } };
    if (error.code !== 'SMS_PROVIDER_USED') throw error;
    throw new GatehouseError('OTP_PROVIDER', error.message.replace('! [', '!\n['));
  }
}

async function setDefault(fields: Fields, administration: Administration): Promise<Outcome> {
  requireSms(fields);
  const name = requiredField(fields, 'name');
  const known = (await administration.listSmsProviders()).find((one) => one.name === name);
  if (!known) throw new GatehouseError('OTP_PROVIDER', `there is no provider ${JSON.stringify(name.slice(0, 80))}`);
  await administration.setSmsProvider({ ...known, isDefault: true });
  return { value: true };
}

/** What a form for a provider shows: the fields, and for the configuration an example. */
async function providerDefinition(fields: Fields): Promise<Outcome> {
  requireSms(fields);
  const text = { type: 'text' };
  const number = { type: 'int', unit: 's' };
  const providerClass = fields.get('class');
  return {
    value: {
      ...(providerClass ? { class: providerClass } : {}),
      name: text,
      config: { type: 'json' },
      timeout: number,
    },
  };
}

/** Sends one SMS to `phone`. */
async function testProvider(fields: Fields, administration: Administration): Promise<Outcome> {
  requireSms(fields);
  const provider = fields.get('name');
  const number = requiredField(fields, 'phone');
  const text = fields.get('message') || 'A test of the SMS provider';
  try {
    const sent = await administration.testSms({ number, text, ...(provider ? { provider } : {}) });
    return { value: true, detail: { provider: sent.provider, message: sent.answer } };
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    return { value: false, detail: { message: error.message } };
  }
}

function requireSms(fields: Fields): void {
  const type = fields.get('type') ?? 'sms';
  if (type === 'sms') return;
  throw new GatehouseError('OTP_PROVIDER', `there are no providers of the type ${JSON.stringify(type.slice(0, 40))}`, {
    hint: 'the type is: sms',
  });
}

/** The JSON text of a configuration. */
export function providerConfig(text: string): SmsConfig {
  try {
    const config: unknown = JSON.parse(text);
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as SmsConfig;
  } catch {
    // Told below; the reason of the parser would repeat what stands there, passwords too.
  }
  throw parameterError(
    'config must be a JSON object: names and texts in double quotes, no comma after the last member',
  );
}

function view({ class: kind, config, timeout, isDefault }: SmsDefinition): Json {
  return {
    Class: `smsprovider.${kind}.${kind}`,
    Timeout: timeout === null ? '' : String(timeout),
    Config: JSON.stringify(config),
    Default: isDefault,
  };
}
