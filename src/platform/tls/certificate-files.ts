/**
 * Certificates and keys for TLS, read from PEM files and found to fit each other.
 *
 * Errors: TLS_CERTIFICATE with the file, what is wrong with it and the cure.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { GatehouseError } from '../errors.ts';

export interface CertificateFiles {
  /** The certificate, then those of the authorities between it and the root. */
  readonly certificate: string;
  readonly key: string;
}

export interface CertificatePair {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly validTo: number;
}

const CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/;

export function readCertificate(files: CertificateFiles): CertificatePair {
  const cert = readText(files.certificate);
  const leaf = parseCertificate(cert, files.certificate);
  const key = readText(files.key);
  const privateKey = parseKey(key, files.key);
  if (!leaf.checkPrivateKey(privateKey)) {
    throw fault(files.key, `this key does not belong to the certificate in ${files.certificate}`, {
      hint: 'name the key that the certificate was made with; after a renewal both files must be the new ones',
    });
  }
  return { cert, key, validTo: leaf.validToDate.getTime() };
}

/** Certificates of authorities, PEM. */
export function readAuthorities(file: string): string {
  const text = readText(file);
  parseCertificate(text, file);
  return text;
}

function parseCertificate(text: string, file: string): X509Certificate {
  try {
    if (CERTIFICATE.test(text)) return new X509Certificate(text);
  } catch (cause) {
    throw fault(file, 'the certificate in it is damaged', { hint: 'copy the file again', cause });
  }
  throw fault(file, 'it holds no certificate in PEM form', {
    hint: `if it is DER: openssl x509 -inform der -in ${file} -out certificate.pem`,
  });
}

function parseKey(text: string, file: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw fault(file, 'it holds no private key in PEM form that can be read without a password', {
      hint: `openssl pkey -in ${file} -out key.pem asks for the password and writes one without`,
      cause,
    });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EACCES') {
      const hint = `let the user that runs Gatehouse read it: chgrp GROUP ${file}; chmod 640 ${file}`;
      throw fault(file, 'permission denied', { hint, cause });
    }
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : String(code);
    throw fault(file, why, {
      hint: 'see `sip.tls` and `http.tls` of gatehouse.yaml, or the tls_ lines of ser.cfg',
      cause,
    });
  }
}

function fault(where: string, message: string, details: { hint: string; cause?: unknown }): GatehouseError {
  return new GatehouseError('TLS_CERTIFICATE', message, { where, ...details });
}
