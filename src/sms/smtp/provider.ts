/**
 * SmtpSMSProvider: a gateway that takes a message as mail, with the number in its address, subject or body.
 *
 * `<phone>` and `<otp>` stand for number and text. `raise_exception` false keeps a server that was not reached from being passed over.
 */
import { randomUUID } from 'node:crypto';
import type { SmsConfig, SmsProvider } from '../../core/sms/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { certificateEnds } from '../certificates.ts';
import { gatewayNumber } from '../number.ts';
import { readSmtpConfig, serverOf } from './config.ts';
import { mailText } from './mail.ts';
import { readMailbox } from './mailbox.ts';
import { deliver } from './session.ts';

export function openSmtpProvider(given: SmsConfig): SmsProvider {
  const config = readSmtpConfig(given);
  const server = serverOf(config);
  const from = readMailbox(config.mailsender)!;
  return {
    async send(message) {
      const number = gatewayNumber(message.number, config);
      const to = readMailbox(config.mailto.replaceAll('<phone>', () => number));
      if (to === undefined) {
        throw new GatehouseError('SMS_NUMBER', `${JSON.stringify(number)} makes no mail address in mailto`, {
          hint: '"MSISDN": "True" cuts all but digits and a leading + from numbers',
        });
      }
      const fill = (template: string) =>
        template.replace(/<phone>|<otp>/g, (tag) => (tag === '<phone>' ? number : message.text));
      const mail = { from, to, subject: fill(config.subject), body: fill(config.body) };
      const text = mailText(mail, new Date(), randomUUID());
      try {
        return await deliver(server, { sender: from.address, recipient: to.address, text, secret: message.text });
      } catch (error) {
        if (config.raise_exception || (error as GatehouseError).code !== 'SMS_UNREACHABLE') throw error;
        const { message: why, hint } = error as GatehouseError;
        throw new GatehouseError('SMS_REFUSED', why, hint === undefined ? {} : { hint });
      }
    },
    certificates: certificateEnds(server.tls),
    close: async () => {},
  };
}
