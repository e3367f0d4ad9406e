/** Error-Cause (RFC 5176 section 3.5): why a Disconnect- or CoA-Request is not done. */
export const CAUSE = {
  unsupportedAttribute: 401,
  missingAttribute: 402,
  otherNas: 403,
  invalidRequest: 404,
  unsupportedService: 405,
  invalidValue: 407,
  prohibited: 501,
  notRoutable: 502,
  notFound: 503,
  noResources: 506,
  severalSessions: 508,
} as const;
export type Cause = (typeof CAUSE)[keyof typeof CAUSE];
