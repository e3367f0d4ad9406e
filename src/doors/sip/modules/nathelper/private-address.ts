/** Addresses that mean nothing outside of their own network: RFC 1918, and what providers put telephones behind (RFC 6598). */
const PRIVATE = /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;

export function isPrivate(host: string): boolean {
  return PRIVATE.test(host);
}
