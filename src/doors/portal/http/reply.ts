/** Answers of the door. Each closes its connection: after the login the next request shall find its own way. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const SAFE = [
  'Cache-Control',
  'no-store',
  'X-Content-Type-Options',
  'nosniff',
  'Referrer-Policy',
  'no-referrer',
  'Connection',
  'close',
];

export function send(
  { method }: Pick<IncomingMessage, 'method'>,
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  more: readonly string[] = [],
): void {
  if (response.headersSent || response.destroyed) return;
  const length = String(typeof body === 'string' ? Buffer.byteLength(body) : body.length);
  response.writeHead(status, ['Content-Type', type, 'Content-Length', length, ...more, ...SAFE]);
  response.end(method === 'HEAD' ? undefined : body);
}

export function sendPage(
  request: Pick<IncomingMessage, 'method'>,
  response: ServerResponse,
  status: number,
  page: string,
): void {
  send(request, response, status, 'text/html; charset=utf-8', page, ['X-Frame-Options', 'DENY']);
}

/** `location` is an address of ours, or one that `safeRedir` gave. */
export function redirect(
  request: Pick<IncomingMessage, 'method'>,
  response: ServerResponse,
  status: 303 | 307,
  location: string,
): void {
  const link = location.replaceAll('&', '&amp;').replaceAll('"', '&#34;').replaceAll('<', '&lt;');
  const body = `<!DOCTYPE html><title>Redirect</title><a href="${link}">Go on</a>\n`;
  send(request, response, status, 'text/html; charset=utf-8', body, ['Location', location]);
}
