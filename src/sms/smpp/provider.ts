/**
 * SMPPSMSProvider: a message centre that speaks SMPP 3.4.
 *
 * A message takes no longer than TIMEOUT's two numbers together, waiting for its turn included. Its parts go one after the other, so that none
 * follows one that was refused. What was sent is never sent again. Errors: SMS_CONFIG; of `send` SMS_UNREACHABLE, SMS_REFUSED, SMS_NUMBER.
 */
import { randomInt } from 'node:crypto';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import type { SmsConfig, SmsMessage, SmsProvider, SmsReceipt } from '../../core/sms/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { certificateEnds, clientCertificate, serverTrust } from '../certificates.ts';
import { badConfig } from '../config.ts';
import { gatewayNumber } from '../number.ts';
import { shownText } from '../shown-answer.ts';
import { readSmppConfig, type SmppConfig } from './config.ts';
import { refused, unreachable } from './faults.ts';
import { encodeFields, FieldReader } from './fields.ts';
import { Link, type Role } from './link.ts';
import { ID_LENGTH } from './receipt.ts';
import type { Session } from './session.ts';
import { OK } from './status.ts';
import { type TextPart, textParts } from './text.ts';
import { Window } from './window.ts';

const TIMEOUTS = { connect: 5_000, total: 5_000 };
const VERSION = 0x34;

export function openSmppProvider(given: SmsConfig): SmsProvider {
  const config = readSmppConfig(given);
  const timeouts = config.TIMEOUT ?? config.timeout ?? TIMEOUTS;
  const place = {
    host: config.server,
    port: config.port,
    tls: config.use_tls ? tlsOf(config) : undefined,
    connectMs: timeouts.connect,
  };
  const peer = `${place.host}:${place.port}`;
  const wantsReceipts = config.registered_delivery !== 0;
  const sender = linkOf(config.bind_mode === 'transceiver' ? 'transceiver' : 'transmitter');
  const receiver = linkOf('receiver');
  const window = new Window(config.window);
  const underWay = new Set<Promise<unknown>>();
  let listener: ((receipt: SmsReceipt) => void) | undefined;
  let reference = randomInt(256);

  return {
    send: (message, taken) => tracked(send(message, taken)),
    ...(wantsReceipts && {
      onReceipt: (listen) => {
        listener = listen;
        awaitReceipts();
      },
    }),
    certificates: certificateEnds(place.tls ?? {}),
    async close() {
      await Promise.allSettled(underWay);
      await Promise.all([sender.close(), receiver.close()]);
    },
  };

  function linkOf(role: Role): Link {
    return new Link({
      place,
      role,
      bindBody: encodeFields(config.system_id, config.password, config.system_type, VERSION, 0, 0, ''),
      answerMs: timeouts.total,
      enquireMs: 1000 * config.enquire_link,
      onReceipt: (receipt) => listener?.(receipt),
    });
  }

  async function send({ number, text }: SmsMessage, taken: (id: string) => void = () => {}): Promise<string> {
    const until = performance.now() + timeouts.connect + timeouts.total;
    const address = addressOf(number, config);
    reference = (reference + 1) % 256;
    const parts = textParts(text, config.target_encoding, reference);
    if (!(await window.enter(until - performance.now()))) {
      throw unreachable(peer, 'too many messages wait for it', 'a larger window lets more of them wait for it at once');
    }
    let session: Session | undefined;
    try {
      session = await sessionUntil(until);
      awaitReceipts();
      const ids: string[] = [];
      for (const [i, part] of parts.entries()) {
        const ms = Math.min(timeouts.total, Math.max(1, until - performance.now()));
        const body = submitBody(config, address, part);
        const { status } = await session.request('submit_sm', body, ms, (answer) => {
          const id = answer.status === OK ? new FieldReader(answer.body).text().slice(0, ID_LENGTH) : '';
          if (id === '') return;
          ids.push(id);
          if (wantsReceipts) taken(id);
        });
        const which = parts.length === 1 ? 'the message' : `part ${i + 1} of ${parts.length} of the message`;
        if (status !== OK) throw refused(peer, `did not take ${which}`, status);
      }
      return answerOf(ids);
    } finally {
      window.leave();
      if (session && !config.keep_session) tracked(session.unbind());
    }
  }

  async function sessionUntil(until: number): Promise<Session> {
    const coming = config.keep_session ? sender.session() : sender.open();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, until - performance.now(), undefined);
    });
    try {
      const session = await Promise.race([coming, late]);
      if (session !== undefined) return session;
    } finally {
      clearTimeout(timer);
    }
    tracked(coming.then((session) => (config.keep_session ? undefined : session.unbind())));
    throw unreachable(peer, 'no session with it came about in time');
  }

  function awaitReceipts(): void {
    const needsReceiver =
      config.bind_mode === 'transmitter+receiver' || (wantsReceipts && sender.role === 'transmitter');
    if (needsReceiver) receiver.stayBound();
    else if (wantsReceipts) sender.stayBound();
  }

  function answerOf(ids: readonly string[]): string {
    const said = ids.length === 0 ? 'taken' : `message id ${ids.join(', ')}`;
    return shownText(receiver.fault ? `${said}; no delivery receipts: ${receiver.fault.message}` : said);
  }

  function tracked<Result>(work: Promise<Result>): Promise<Result> {
    underWay.add(work);
    const done = () => underWay.delete(work);
    work.then(done, done);
    return work;
  }
}

function tlsOf(config: SmppConfig): ConnectionOptions {
  const trust = serverTrust(config.SERVER_CERTIFICATE);
  const own = clientCertificate(config.CLIENT_CERTIFICATE_FILE);
  try {
    // The files are read once, and a fault in them shows before a message does.
    return { ...trust, ...own, secureContext: createSecureContext({ ...trust, ...own }) };
  } catch (error) {
    throw badConfig(
      'CLIENT_CERTIFICATE_FILE',
      `the certificates cannot be used: ${(error as Error).message}`,
      'it is one PEM file with a certificate and its private key without a passphrase; SERVER_CERTIFICATE one with certificates',
    );
  }
}

/** Of 20 characters at most (SMPP 3.4, 5.2.9). */
function addressOf(given: string, config: SmppConfig): string {
  const number = gatewayNumber(given, config);
  if (/^[\x20-\x7e]{1,20}$/.test(number)) return number;
  throw new GatehouseError('SMS_NUMBER', `${JSON.stringify(number)} is no number that SMPP could carry`, {
    hint: 'it takes 20 characters of ASCII; "MSISDN": "True" cuts all but digits',
  });
}

function submitBody(config: SmppConfig, address: string, { esmClass, dataCoding, octets }: TextPart): Buffer {
  return encodeFields(
    '', // service_type
    config.source_addr_ton,
    config.source_addr_npi,
    config.source_addr,
    config.dest_addr_ton,
    config.dest_addr_npi,
    address,
    esmClass,
    0, // protocol_id
    0, // priority_flag
    '', // schedule_delivery_time
    '', // validity_period
    config.registered_delivery,
    0, // replace_if_present_flag
    dataCoding,
    0, // sm_default_msg_id
    octets.length,
    octets,
  );
}
