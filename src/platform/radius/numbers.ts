/** Numbers of packets and attributes that Gatehouse knows by name (IANA, RADIUS Types). */

export const CODE = {
  accessRequest: 1,
  accessAccept: 2,
  accessReject: 3,
  accountingRequest: 4,
  accountingResponse: 5,
  accessChallenge: 11,
  statusServer: 12,
  disconnectRequest: 40,
  disconnectAck: 41,
  disconnectNak: 42,
  coaRequest: 43,
  coaAck: 44,
  coaNak: 45,
} as const;
export type Code = (typeof CODE)[keyof typeof CODE];

export const ATTRIBUTE = {
  userName: 1,
  userPassword: 2,
  chapPassword: 3,
  nasIpAddress: 4,
  nasPort: 5,
  serviceType: 6,
  framedIpAddress: 8,
  replyMessage: 18,
  state: 24,
  class: 25,
  vendorSpecific: 26,
  sessionTimeout: 27,
  calledStationId: 30,
  callingStationId: 31,
  nasIdentifier: 32,
  proxyState: 33,
  acctStatusType: 40,
  acctDelayTime: 41,
  acctInputOctets: 42,
  acctOutputOctets: 43,
  acctSessionId: 44,
  acctSessionTime: 46,
  acctTerminateCause: 49,
  acctMultiSessionId: 50,
  acctInputGigawords: 52,
  acctOutputGigawords: 53,
  eventTimestamp: 55,
  chapChallenge: 60,
  tunnelPassword: 69,
  eapMessage: 79,
  messageAuthenticator: 80,
  nasPortId: 87,
  chargeableUserIdentity: 89,
  nasIpv6Address: 95,
  framedInterfaceId: 96,
  framedIpv6Prefix: 97,
  errorCause: 101,
  framedIpv6Address: 168,
} as const;

/** The codes whose Request Authenticator is a sum over the packet and the secret, and not a random number (RFC 2866 section 3, RFC 5176 section 2.3). */
export function isSummed(code: number): boolean {
  return code === CODE.accountingRequest || code === CODE.disconnectRequest || code === CODE.coaRequest;
}
