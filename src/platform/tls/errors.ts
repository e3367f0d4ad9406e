/** What keeps TLS from working, at whichever door. */
export const TLS_ERRORS = {
  TLS_CERTIFICATE: 'a certificate, key or list of authorities for TLS is missing, cannot be read or does not fit',
} as const;
