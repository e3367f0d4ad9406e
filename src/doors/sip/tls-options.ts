/**
 * What TLS works with: `sip.tls` of gatehouse.yaml, else the tls_ lines of ser.cfg; without a certificate there is no TLS.
 *
 * Errors: TLS_CERTIFICATE.
 */
import { GatehouseError } from '../../platform/errors.ts';
import { readAuthorities, readCertificate } from '../../platform/tls/certificate-files.ts';
import type { TlsOptions } from '../../platform/tls/certificates.ts';
import type { SipConfig } from './config.ts';
import type { Globals } from './script/globals.ts';

export interface TlsChoice {
  readonly options: TlsOptions;
  /** Of listeners that name no protocol. */
  readonly port: number;
  /** Where it comes from, for `check`. */
  readonly from: string;
}

export function chooseTls(config: SipConfig['tls'], globals: Globals, file: string): TlsChoice | undefined {
  const choice = config.certificate === undefined ? fromScript(globals, file) : fromConfiguration(config);
  if (choice !== undefined) readAll(choice.options);
  else if (config.key !== undefined || config.names.length > 0) {
    throw new GatehouseError('TLS_CERTIFICATE', 'a key or a further name is given, but no certificate', {
      where: 'sip.tls',
      hint: 'set sip.tls.certificate, which is shown to whoever asks for no name or an unknown one',
    });
  }
  return choice;
}

function fromConfiguration(config: SipConfig['tls']): TlsChoice {
  const certificate = config.certificate!;
  if (config.client_certificate === 'require' && config.ca === undefined) {
    throw new GatehouseError('TLS_CERTIFICATE', 'clients must show a certificate, but nobody says who may sign it', {
      where: 'sip.tls.client_certificate',
      hint: 'set sip.tls.ca to the certificates of the authorities that you trust with it',
    });
  }
  return {
    options: {
      certificate,
      key: config.key ?? certificate,
      names: config.names.map(({ name, certificate, key }) => ({ name, certificate, key: key ?? certificate })),
      ca: config.ca,
      clientCertificate: config.client_certificate,
      verifyServer: config.verify_server,
    },
    port: config.port,
    from: 'sip.tls of gatehouse.yaml',
  };
}

function fromScript({ tls }: Globals, file: string): TlsChoice | undefined {
  const { certificate, disabled } = tls;
  if (certificate === undefined || disabled) return undefined;
  return {
    options: {
      certificate,
      key: tls.privateKey ?? certificate,
      names: [],
      ca: tls.caList,
      clientCertificate: tls.verifyClient ? (tls.requireCertificate ? 'require' : 'verify') : 'none',
      verifyServer: tls.verifyServer,
    },
    port: tls.port,
    from: `the tls_ lines of ${file}`,
  };
}

/** So that `check` and the start say what is wrong, not the first telephone. */
function readAll({ names, ca, ...main }: TlsOptions): void {
  for (const files of [main, ...names]) readCertificate(files);
  if (ca !== undefined) readAuthorities(ca);
}
