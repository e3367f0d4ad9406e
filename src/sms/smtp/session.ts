/**
 * One message to a mail server (RFC 5321): connect, STARTTLS (RFC 3207), AUTH (RFC 4954), MAIL, RCPT, DATA, QUIT.
 *
 * A connection carries one message and is bounded in time and in what is read from it, whatever the server does. Encryption that was asked for is
 * never given up, nor is authentication unless allowed. Errors: SMS_UNREACHABLE, SMS_REFUSED (the server said no, or lacks what was asked for).
 */
import { connect, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { GatehouseError } from '../../platform/errors.ts';
import { isDistrusted, TRUST_HINT } from '../certificates.ts';
import type { Timeouts } from '../config.ts';
import { shownText } from '../shown-answer.ts';
import { BoundedStream } from './bounded-stream.ts';

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  readonly security: 'none' | 'starttls' | 'tls';
  readonly tls: ConnectionOptions;
  readonly timeouts: Timeouts;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  readonly allowUnauthenticated: boolean;
}

export interface Delivery {
  readonly sender: string;
  readonly recipient: string;
  /** Headers and body. */
  readonly text: string;
  /** What of it nobody else may read, should the server repeat it. */
  readonly secret: string;
}

/** What a server may send in one session, its certificates included. */
const MOST_BYTES = 65_536;

/** What nodemailer adds to its errors. */
interface SmtpFailure extends Error {
  readonly code?: string;
  readonly originalCode?: string;
  readonly response?: string;
  readonly responseCode?: number;
  readonly command?: string;
}

/** Gives what the server said when it took the message. */
export async function deliver(server: SmtpServer, delivery: Delivery): Promise<string> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // it may also fail when all is done
  const socket = connect({ host: server.host, port: server.port });
  socket.on('error', failed.reject);
  let deadline = setTimeout(tooLate, server.timeouts.connect);
  let smtp: SMTPConnection | undefined;
  const end = () => {
    clearTimeout(deadline);
    smtp?.close();
    socket.destroy();
  };
  try {
    await Promise.race([step((done) => socket.once('connect', () => done())), failed.promise]);
    clearTimeout(deadline);
    deadline = setTimeout(tooLate, server.timeouts.total);
    smtp = openSession(server, socket);
    smtp.on('error', failed.reject);
    const said = await Promise.race([converse(smtp, server, delivery), failed.promise]);
    // The message is taken; the rest is courtesy, for which nobody waits.
    failed.promise.catch(end);
    smtp.once('end', end);
    smtp.quit();
    return shownText(said, secretsOf(server, delivery));
  } catch (error) {
    end();
    throw failureOf(server, delivery, error as SmtpFailure);
  }

  function tooLate(): void {
    failed.reject(new Error('it did not answer in time'));
  }
}

function openSession({ host, port, security, tls, timeouts }: SmtpServer, socket: Socket): SMTPConnection {
  const address = socket.localAddress ?? '127.0.0.1';
  return new SMTPConnection({
    // Of a socket it wants no more than this has.
    connection: new BoundedStream(socket, MOST_BYTES) as unknown as Socket,
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls,
    name: address.includes(':') ? `[IPv6:${address}]` : `[${address}]`,
    connectionTimeout: 2 * timeouts.total,
    greetingTimeout: 2 * timeouts.total,
    maxResponseSize: MOST_BYTES,
    socketCloseTimeout: 0,
  });
}

async function converse(smtp: SMTPConnection, server: SmtpServer, { sender, recipient, text }: Delivery) {
  await step((done) => smtp.connect(done));
  const { login } = server;
  if (login && offersAuth(smtp)) {
    const credentials = { user: login.user, pass: login.password };
    await step((done) => smtp.login({ user: login.user, credentials }, done));
  } else if (login && !server.allowUnauthenticated) {
    throw new GatehouseError('SMS_REFUSED', `${placeOf(server)} offers no AUTH, but there is a mailuser`, {
      hint: 'many servers offer it under "start_tls" or "use_ssl" only; "allow_unauthenticated": true sends without it',
    });
  }
  const sent = await step<{ response: string }>((done) =>
    smtp.send({ from: sender, to: recipient, size: text.length }, text, done),
  );
  return sent.response;
}

/** To a server that knows only HELO nodemailer would log in unasked. */
function offersAuth({ lastServerResponse }: SMTPConnection): boolean {
  return /^250[ -]AUTH\b/im.test(lastServerResponse || '');
}

function step<Result>(work: (done: (error?: Error | null, result?: Result) => void) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    work((error, result) => (error ? reject(error) : resolve(result as Result)));
  });
}

function failureOf(server: SmtpServer, delivery: Delivery, error: SmtpFailure): Error {
  if (error instanceof GatehouseError) return error;
  const words = shownText(error.response ?? '', secretsOf(server, delivery));
  const { responseCode = 0 } = error;
  if (responseCode >= 400 && responseCode < 600) {
    const about = error.command === 'CONN' ? '' : ` to ${error.command}`;
    return new GatehouseError('SMS_REFUSED', `${placeOf(server)} said${about}: ${words}`);
  }
  if (error.code === 'EAUTH' || error.code === 'EENVELOPE' || error.code === 'EMESSAGE') {
    return new GatehouseError('SMS_REFUSED', `${placeOf(server)} did not take the message: ${words || error.message}`);
  }
  const code = error.originalCode ?? error.code ?? '';
  const distrusted = isDistrusted(code);
  const why = error.response === undefined ? error.message || code : `it does not speak SMTP: ${words}`;
  return new GatehouseError(
    'SMS_UNREACHABLE',
    `${placeOf(server)}: ${distrusted ? `its certificate is not trusted (${code})` : why}`,
    { hint: distrusted ? TRUST_HINT : 'are mailserver, mailserver_port, start_tls and use_ssl right?' },
  );
}

function secretsOf({ login }: SmtpServer, { secret }: Delivery): string[] {
  if (login === undefined) return [secret];
  const encoded = [login.password, `\0${login.user}\0${login.password}`].map((text) =>
    Buffer.from(text).toString('base64'),
  );
  return [secret, login.password, ...encoded];
}

function placeOf({ host, port }: SmtpServer): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
