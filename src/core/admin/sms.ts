/** What an administrator can do with SMS providers. Secrets are shown to nobody. Errors: those of SmsProviders. */
import type { AuditFields } from '../audit/events.ts';
import type { AuditLines } from '../audit/types.ts';
import { censor } from '../sms/censor.ts';
import type { SmsProviders } from '../sms/providers.ts';
import type { Administration } from './types.ts';

type SmsCalls = Pick<Administration, 'listSmsProviders' | 'setSmsProvider' | 'removeSmsProvider' | 'testSms'>;

export function smsCalls(
  providers: SmsProviders,
  event: (action: string, fields: AuditFields) => AuditLines,
): SmsCalls {
  return {
    listSmsProviders: async () => providers.list().map((one) => ({ ...one, config: censor(one.config) })),
    setSmsProvider: (definition) => {
      const { name: provider, class: kind } = definition;
      return providers.set(definition, event('set-sms-provider', { provider, class: kind }));
    },
    removeSmsProvider: (name) => providers.remove(name, event('remove-sms-provider', { provider: name })),
    testSms: ({ number, text, provider }) => providers.send({ number, text }, provider),
  };
}
