/** What an administrator can do with SMS providers. Secrets are shown to nobody. Errors: those of SmsProviders, SMS_PROVIDER_USED. */
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditFields } from '../audit/events.ts';
import type { AuditLines } from '../audit/types.ts';
import { policiesNaming } from '../policy/linotp/search.ts';
import type { PolicyRules } from '../policy/rules.ts';
import { censor } from '../sms/censor.ts';
import type { SmsProviders } from '../sms/providers.ts';
import type { Administration } from './types.ts';

type SmsCalls = Pick<Administration, 'listSmsProviders' | 'setSmsProvider' | 'removeSmsProvider' | 'testSms'>;

export function smsCalls(
  providers: SmsProviders,
  rules: PolicyRules,
  event: (action: string, fields: AuditFields) => AuditLines,
): SmsCalls {
  return {
    listSmsProviders: async () => providers.list().map((one) => ({ ...one, config: censor(one.config) })),
    setSmsProvider: (definition) => {
      const { name: provider, class: kind } = definition;
      return providers.set(definition, event('set-sms-provider', { provider, class: kind }));
    },
    removeSmsProvider: remove,
    testSms: ({ number, text, provider }) => providers.send({ number, text }, provider),
  };

  async function remove(name: string): Promise<void> {
    const using = policiesNaming(rules.list(), name);
    if (using.length > 0) {
      throw new GatehouseError(
        'SMS_PROVIDER_USED',
        `Unable to delete - provider used in policies! [${using.join(', ')}]`,
        { hint: 'change these policies first: gatehouse policy list' },
      );
    }
    await providers.remove(name, event('remove-sms-provider', { provider: name }));
  }
}
