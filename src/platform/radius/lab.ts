/** Requests as a NAS makes them, for tests. */
import { randomBytes } from 'node:crypto';
import type { Attribute } from './attributes.ts';
import { ATTRIBUTE, CODE } from './numbers.ts';
import { writeRequest } from './request.ts';
import { hidePassword } from './user-password.ts';

export interface RequestOptions {
  readonly code?: number;
  readonly identifier?: number;
  readonly authenticator?: Buffer;
  readonly attributes?: readonly Attribute[];
  /** Default: true. */
  readonly signed?: boolean;
}

export function makeRequest(secret: Buffer, options: RequestOptions = {}): Buffer {
  const { code = CODE.accessRequest, identifier = 1, authenticator = randomBytes(16), attributes = [] } = options;
  return writeRequest({ code, identifier, authenticator, attributes }, secret, { signed: options.signed ?? true });
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
