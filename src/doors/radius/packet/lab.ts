/** Requests as a NAS makes them, for tests. */
import { randomBytes } from 'node:crypto';
import { messageDigest, packetDigest } from './authenticators.ts';
import { ATTRIBUTE, CODE } from './numbers.ts';
import type { Attribute } from './reply.ts';
import { hidePassword } from './user-password.ts';

export interface RequestOptions {
  readonly code?: number;
  readonly identifier?: number;
  readonly authenticator?: Buffer;
  readonly attributes?: readonly Attribute[];
  /** Default: true. */
  readonly signed?: boolean;
}

const ZEROS = Buffer.alloc(16);

export function makeRequest(secret: Buffer, options: RequestOptions = {}): Buffer {
  const { code = CODE.accessRequest, identifier = 1, attributes = [], signed = true } = options;
  const isAccounting = code === CODE.accountingRequest;
  const authenticator = isAccounting ? ZEROS : (options.authenticator ?? randomBytes(16));
  const parts = attributes.map(({ type, value }) => Buffer.concat([Buffer.of(type, 2 + value.length), value]));
  if (signed) parts.push(Buffer.concat([Buffer.of(ATTRIBUTE.messageAuthenticator, 18), ZEROS]));
  const bytes = Buffer.concat([Buffer.of(code, identifier, 0, 0), authenticator, ...parts]);
  bytes.writeUInt16BE(bytes.length, 2);
  const at = bytes.length - 18;
  if (signed) messageDigest(bytes, at, authenticator, secret).copy(bytes, at + 2);
  if (isAccounting) packetDigest(bytes, ZEROS, secret).copy(bytes, 4);
  return bytes;
}

export function text(type: number, value: string): Attribute {
  return { type, value: Buffer.from(value) };
}

/** Name and password, and more if wanted. */
export function makePapRequest(
  secret: Buffer,
  name: string,
  password: string,
  { attributes = [], ...options }: RequestOptions = {},
): Buffer {
  const authenticator = options.authenticator ?? randomBytes(16);
  const hidden = hidePassword(Buffer.from(password), authenticator, secret);
  const own = [text(ATTRIBUTE.userName, name), { type: ATTRIBUTE.userPassword, value: hidden }];
  return makeRequest(secret, { ...options, authenticator, attributes: [...own, ...attributes] });
}
