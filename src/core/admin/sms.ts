/** What an administrator can do with SMS providers. Secrets are shown to nobody. Errors: those of SmsProviders, SMS_PROVIDER_USED. */
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditFields } from '../audit/events.ts';
import type { AuditLines } from '../audit/types.ts';
import { namedProviders } from '../policy/linotp/search.ts';
import type { PolicyRules } from '../policy/rules.ts';
import { censor } from '../sms/censor.ts';
import type { CodeSender } from '../sms/sender.ts';
import type { Administration } from './types.ts';

type SmsCalls = Pick<
  Administration,
  'listSmsProviders' | 'setSmsProvider' | 'removeSmsProvider' | 'testSms' | 'listSmsMessages'
>;

export function smsCalls(
  sender: CodeSender,
  rules: PolicyRules,
  event: (action: string, fields: AuditFields) => AuditLines,
): SmsCalls {
  const { providers } = sender;
  return {
    listSmsProviders: async () => providers.list().map((one) => ({ ...one, config: censor(one.config) })),
    setSmsProvider: (definition) => {
      const { name: provider, class: kind } = definition;
      return providers.set(definition, event('set-sms-provider', { provider, class: kind }));
    },
    removeSmsProvider: remove,
    testSms: async ({ number, text, provider: wanted }) => {
      const { provider, answer } = await sender.sendBy(wanted, { number, text });
      return { provider, answer };
    },
    listSmsMessages: async (options) => {
      const records = await sender.messages.list(options);
      return records.map(({ time, parts, ...rest }) => {
        return { ...rest, time: new Date(time).toISOString(), gatewayIds: parts.map(({ id }) => id) };
      });
    },
  };

  async function remove(name: string): Promise<void> {
    const naming = namedProviders(rules.list()).filter(({ provider }) => provider === name);
    if (naming.length > 0) {
      const policies = [...new Set(naming.map(({ policy }) => policy))].join(', ');
      throw new GatehouseError('SMS_PROVIDER_USED', `Unable to delete - provider used in policies! [${policies}]`, {
        hint: 'change these policies first: gatehouse policy list',
      });
    }
    await providers.remove(name, event('remove-sms-provider', { provider: name }));
  }
}
