/**
 * RestSMSProvider: a gateway that takes a message as the JSON body of a POST. A status below 400 means that it was taken.
 */
import type { SmsConfig, SmsProvider } from '../../core/sms/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { certificateEnds, clientCertificate, serverTrust } from '../certificates.ts';
import { openGateway } from '../gateway.ts';
import { gatewayNumber } from '../number.ts';
import { shownAnswer } from '../shown-answer.ts';
import { readRestConfig } from './config.ts';
import { fill, type Json, slotOf } from './payload.ts';

const TIMEOUTS = { connect: 3_000, total: 30_000 };

export function openRestProvider(given: SmsConfig): SmsProvider {
  const config = readRestConfig(given);
  const url = new URL(config.URL);
  const number = slotOf('SMS_PHONENUMBER_KEY', config.SMS_PHONENUMBER_KEY, '<phone>');
  const text = slotOf('SMS_TEXT_KEY', config.SMS_TEXT_KEY, '<message>');
  const headers = new Headers({ 'content-type': 'application/json', accept: 'application/json' });
  for (const [name, value] of Object.entries(config.HEADERS)) headers.set(name, value);
  const tls = { ...serverTrust(config.SERVER_CERTIFICATE), ...clientCertificate(config.CLIENT_CERTIFICATE_FILE) };
  const gateway = openGateway({
    proxy: config.PROXY ?? {},
    tls,
    timeouts: config.TIMEOUT ?? config.timeout ?? TIMEOUTS,
    login: config.USERNAME
      ? { user: config.USERNAME, password: config.PASSWORD ?? '', scheme: config.AUTHENTICATION }
      : undefined,
  });
  return {
    async send(message) {
      const addressed = fill(config.PAYLOAD as Json, number, gatewayNumber(message.number, config));
      const body = asciiJson(fill(addressed, text, message.text.toWellFormed()));
      const answer = await gateway.exchange({ method: 'POST', url, headers: Object.fromEntries(headers), body });
      if (answer.status < 400) return shownAnswer(answer);
      throw new GatehouseError(
        'SMS_REFUSED',
        `${url.origin}${url.pathname} did not take the message: ${shownAnswer(answer)}`,
      );
    },
    certificates: certificateEnds(tls),
    close: () => gateway.close(),
  };
}

/** Gateways that take UTF-8 for something else read this right, too. */
function asciiJson(json: Json): string {
  return JSON.stringify(json).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
