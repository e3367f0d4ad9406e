/**
 * One bound connection to one directory server, made within a limit of time: TCP, TLS, the first bind.
 *
 * Errors: those of the network, of TLS and of the server, as they come.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { Client } from 'ldapts';
import type { LdapOptions, LdapServer } from './config.ts';

const KEEP_ALIVE_MS = 60_000;

export interface LdapConnection {
  readonly client: Client;
  readonly server: LdapServer;
  /** At once, whatever is under way. */
  destroy(): void;
}

export async function connectLdap(
  options: LdapOptions,
  server: LdapServer,
  dn: string,
  password: string,
): Promise<LdapConnection> {
  const { timeoutMs, startTls } = options;
  const secure = tlsOptions(options, server);
  let socket: Socket | undefined;
  const kept = <S extends Socket>(made: S): S => {
    socket = made;
    made.setKeepAlive(true, KEEP_ALIVE_MS);
    return made;
  };
  const client = new Client({
    url: server.url,
    timeout: timeoutMs,
    connectTimeout: timeoutMs,
    ...(server.isLdaps ? { tlsOptions: secure } : {}),
    createConnection: ((port: number, host: string) => kept(connectTcp(port, host))) as typeof connectTcp,
    createSecureConnection: ((...args: Parameters<typeof connectTls>) =>
      kept(connectTls(...args))) as typeof connectTls,
  });
  const destroy = () => void socket?.destroy();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`${server.url} does not answer`));
    destroy();
  }, timeoutMs);
  try {
    await Promise.race([open(), late]);
    return { client, server, destroy };
  } catch (error) {
    destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }

  async function open(): Promise<void> {
    if (!server.isLdaps && startTls) await client.startTLS(secure);
    await client.bind(dn, password);
  }
}

function tlsOptions({ verify, ca }: LdapOptions, { host }: LdapServer): ConnectionOptions {
  return {
    host,
    // An address cannot be asked for by name (RFC 6066 section 3).
    ...(isIP(host) ? {} : { servername: host }),
    rejectUnauthorized: verify,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
  };
}
