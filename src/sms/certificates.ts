/**
 * The certificates of a gateway and of its clients: files that an administrator names. Errors: SMS_CONFIG.
 */
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import * as z from 'zod';
import type { ProviderCertificate } from '../core/sms/types.ts';
import { badConfig } from './config.ts';

export const serverCertificateOption = z.union([z.string(), z.boolean(), z.null()]).optional();

export const TRUST_HINT = 'name the CA of the gateway in SERVER_CERTIFICATE; "false" there accepts any certificate';

/** By the code of the error that ended a handshake: whether it was our side that found no reason to trust the other. */
export function isDistrusted(code: string): boolean {
  return !/^ERR_SSL_/.test(code) && /CERT|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY/.test(code);
}

/** `SERVER_CERTIFICATE`: nothing = the CAs of the system, "false" = any certificate is accepted, else a file or folder of CAs. */
export function serverTrust(value: string | boolean | null | undefined): ConnectionOptions {
  if (value === undefined || value === null || value === '' || value === true) return {};
  if (String(value).toLowerCase() === 'false') return { rejectUnauthorized: false };
  return { ca: certificatesOf(String(value)) };
}

/** A file with both, shown to gateways that demand it. */
export function clientCertificate(file: string | undefined): ConnectionOptions {
  if (file === undefined || file === '') return {};
  const pem = readPem('CLIENT_CERTIFICATE_FILE', file);
  return { cert: pem, key: pem };
}

const CERTIFICATE = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g;
const LONGEST_SUBJECT = 120;

/** What is shown and believed, each with its end; of authorities of the same name the one that ends last. */
export function certificateEnds({ cert, ca }: ConnectionOptions): ProviderCertificate[] {
  const shown = readCertificates(cert).map(({ subject, end }) => ({ what: `client certificate ${subject}`, end }));
  const last = new Map<string, number>();
  for (const { subject, end } of readCertificates(ca)) last.set(subject, Math.max(end, last.get(subject) ?? end));
  const believed = [...last].map(([subject, end]) => ({ what: `authority ${subject}`, end }));
  return [...shown, ...believed];
}

/** What is damaged is passed over: the handshake tells of it. */
function readCertificates(pem: ConnectionOptions['ca' | 'cert']): { subject: string; end: number }[] {
  const blocks = [pem ?? []].flat().join('\n').match(CERTIFICATE) ?? [];
  return blocks.flatMap((block) => {
    try {
      const { subject, validToDate } = new X509Certificate(block);
      const shown = (subject ?? '').replace(/[\x00-\x1f\x7f]+/g, ', ').slice(0, LONGEST_SUBJECT);
      return [{ subject: shown, end: validToDate.getTime() }];
    } catch {
      return [];
    }
  });
}

function certificatesOf(path: string): string[] {
  const key = 'SERVER_CERTIFICATE';
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const files = folder
    ? readdirSync(path)
        .filter((name) => /\.(pem|crt|cer)$/.test(name))
        .map((name) => join(path, name))
    : [path];
  if (files.length === 0)
    throw badConfig(key, `the folder ${path} has no certificate`, 'put files *.pem or *.crt there');
  return files.map((file) => readPem(key, file));
}

export function readPem(key: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (cause) {
    throw badConfig(
      key,
      `${file} cannot be read: ${(cause as NodeJS.ErrnoException).code}`,
      'give a PEM file that this server may read',
    );
  }
  if (text.includes('-----BEGIN ')) return text;
  throw badConfig(
    key,
    `${file} is no PEM file`,
    'there has to be a line -----BEGIN CERTIFICATE----- or -----BEGIN PRIVATE KEY-----',
  );
}
