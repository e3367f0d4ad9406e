/** What the HTTP door says when it cannot do what is asked. */
export const CONSOLE_ERRORS = {
  CONTROL_LISTEN: 'the control socket cannot be opened',
  HTTP_ROUTE: 'there is nothing under this path',
  HTTP_REQUEST: 'the request is not one this server takes (method, type, size)',
  HTTP_ORIGIN: 'a web page of another origin sent the request',
  HTTP_HOST: 'the Host header names neither an address, localhost nor one of `http.names`',
  HTTP_UNAUTHORIZED: 'the administrator name or password is missing or wrong',
  HTTP_BUSY: 'too many administrators are being checked at once',
} as const;
