/** What the OTP door says when it cannot do what is asked, and by which number LinOTP's clients know it. */
import type { GatehouseError } from '../../platform/errors.ts';

export const OTP_ERRORS = {
  OTP_PARAMETER: 'a parameter is missing, or holds what it cannot hold',
  OTP_METHOD: 'the call changes something, and must come as a POST',
  OTP_PROVIDER: 'there is no such SMS provider, or none of this type',
  OTP_USER: "there is no such user, or the token is nobody's",
  OTP_TOKEN_TYPE: 'there are no tokens of this type',
  OTP_FORBIDDEN: 'policies of the scopes admin, system and audit keep this administrator from it',
  OTP_SELFSERVICE: 'no policy of the scope selfservice lets the user do this with his tokens',
  OTP_SESSION: 'the call brings no session of a user, or one that is over',
  OTP_ORIGIN: 'a web page of another origin sent the call',
  OTP_ROUTE: 'there is no such call',
} as const;

/** Numbers of LinOTP; what is not listed has its general one. */
const NUMBERS: Readonly<Record<string, number>> = {
  OTP_PARAMETER: 905,
  OTP_FORBIDDEN: 410,
  OTP_SELFSERVICE: 410,
  TOKEN_PIN: 410,
  TOKEN_LIMIT: 410,
  OTP_USER: 1205,
  OTP_TOKEN_TYPE: 1610,
  TOKEN_UNKNOWN: 1102,
};
const GENERAL = -311;

export function linotpCodeOf({ code }: GatehouseError): number {
  return NUMBERS[code] ?? GENERAL;
}
