/**
 * HttpSMSProvider: a gateway that takes a message as the fields of a GET or a POST.
 *
 * The fields are the number, the text, then PARAMETER, which may take the place of either. A GET appends them to the query of URL; a POST sends them
 * as a form. By default the status of the answer says nothing, as in LinOTP: gateways tell in the body.
 */
import type { SmsConfig, SmsMessage, SmsProvider } from '../../core/sms/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { certificateEnds, clientCertificate, serverTrust } from '../certificates.ts';
import { type GatewayAnswer, type GatewayRequest, openGateway } from '../gateway.ts';
import { gatewayNumber } from '../number.ts';
import { compileReplyTest } from '../reply-test.ts';
import { shownAnswer } from '../shown-answer.ts';
import { type HttpConfig, readHttpConfig } from './config.ts';

const TIMEOUTS = { connect: 5_000, total: 5_000 };

export function openHttpProvider(given: SmsConfig): SmsProvider {
  const config = readHttpConfig(given);
  const url = new URL(config.URL);
  const took = compileReplyTest(config);
  const tls = { ...serverTrust(config.SERVER_CERTIFICATE), ...clientCertificate(config.CLIENT_CERTIFICATE_FILE) };
  const gateway = openGateway({
    proxy: config.PROXY ?? {},
    tls,
    timeouts: config.TIMEOUT ?? config.timeout ?? TIMEOUTS,
    login: loginOf(config, url),
  });
  url.username = '';
  url.password = '';
  return {
    async send(message) {
      const answer = await gateway.exchange(requestFor(config, url, message));
      if (hasStatus(answer, config.RETURN_STATUS) && ((await took?.(answer.text)) ?? true)) return shownAnswer(answer);
      throw new GatehouseError(
        'SMS_REFUSED',
        `${url.origin}${url.pathname} did not take the message: ${shownAnswer(answer)}`,
      );
    },
    certificates: certificateEnds(tls),
    close: () => gateway.close(),
  };
}

function requestFor(config: HttpConfig, url: URL, { number, text }: SmsMessage): GatewayRequest {
  const fields = new Map<string, string>([
    [config.SMS_PHONENUMBER_KEY, gatewayNumber(number, config)],
    [config.SMS_TEXT_KEY, text],
    ...Object.entries(config.PARAMETER),
  ]);
  const form = [...fields].map(([name, value]) => `${formText(name)}=${formText(value)}`).join('&');
  if (config.HTTP_Method === 'POST') {
    return {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...config.HEADERS },
      body: form,
    };
  }
  const target = new URL(url);
  target.search = url.search === '' ? form : `${url.search}&${form}`;
  return { method: 'GET', url: target, headers: config.HEADERS };
}

/** As gateways know it from LinOTP: blanks become `+`, and of ASCII only letters, digits and `-_.~` stay as they are. */
function formText(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** USERNAME and PASSWORD, else those of the URL. */
function loginOf({ USERNAME, PASSWORD, AUTH_TYPE: scheme }: HttpConfig, url: URL) {
  if (USERNAME) return PASSWORD === undefined ? undefined : { user: USERNAME, password: PASSWORD, scheme };
  if (USERNAME !== undefined || PASSWORD !== undefined || url.username === '') return undefined;
  return { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password), scheme };
}

function hasStatus({ status }: GatewayAnswer, wanted: string | undefined): boolean {
  return (
    wanted === undefined || wanted.split(',').some((one) => one === String(status) || one === `${String(status)[0]}xx`)
  );
}
