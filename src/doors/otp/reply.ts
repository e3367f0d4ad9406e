/**
 * Replies as LinOTP's clients take them apart: its JSON envelope with members in its order, and texts that must match to the last byte.
 *
 * Source: LinOTP 4 as observed; the version is that of the interface, since old clients choose by it what they say.
 */
import { GatehouseError } from '../../platform/errors.ts';
import type { HttpReply } from '../../platform/http-route.ts';
import { linotpCodeOf } from './errors.ts';

export const INTERFACE_VERSION = '4.0.0';
const VERSION_TEXT = `LinOTP ${INTERFACE_VERSION} (Gatehouse)`;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** 0: validate; 1: administration. */
export type ReplyId = 0 | 1;

export function valueReply(value: Json, id: Json, detail?: Json): HttpReply {
  return envelope({ status: true, value }, id, detail);
}

/** No, and no reason why. */
export function failureReply(id: ReplyId): HttpReply {
  return envelope({ status: false, value: false }, id);
}

/** `httpError`: the parameter of that name; an error then becomes a page with that status. */
export function errorReply(error: unknown, id: ReplyId, httpError?: string): HttpReply {
  const code = error instanceof GatehouseError ? linotpCodeOf(error) : -311;
  const message = error instanceof GatehouseError ? messageOf(error) : 'an error within the server; its log tells more';
  if (httpError !== undefined) return errorPage(code, message, httpError);
  return envelope({ status: false, error: { code, message } }, id);
}

/** Nobody is logged in. */
export function unauthorisedReply(message = 'Not authenticated'): HttpReply {
  const refused = envelope({ status: false, error: { code: -311, message } }, 1);
  return { ...refused, status: 401 };
}

/** RFC 7617 section 2. */
export function offeringBasic(reply: HttpReply): HttpReply {
  return { ...reply, headers: { ...reply.headers, 'www-authenticate': 'Basic realm="Gatehouse", charset="UTF-8"' } };
}

/** Somebody could not log in. */
export function badLoginReply(): HttpReply {
  return { ...valueReply(false, 1, { message: 'Bad username or password' }), status: 401 };
}

export function textReply(body: string, type = 'text/plain; charset=utf-8'): HttpReply {
  return { status: 200, type, body };
}

function envelope(result: Json, id: Json, detail?: Json): HttpReply {
  const body = {
    jsonrpc: '2.0802',
    result,
    version: VERSION_TEXT,
    versionNumber: INTERFACE_VERSION,
    id,
    ...(detail === undefined ? {} : { detail }),
  };
  return { status: 200, type: 'application/json', body: JSON.stringify(body) };
}

function messageOf(error: GatehouseError): string {
  return error.hint === undefined ? error.message : `${error.message}: ${error.hint}`;
}

function errorPage(code: number, message: string, wanted: string): HttpReply {
  const status = /^[45][0-9]{2}$/.test(wanted) ? Number(wanted) : 500;
  const text = escapeHtml(`[${VERSION_TEXT}] ${code}: ${message}`);
  return {
    status,
    type: 'text/html; charset=utf-8',
    body: `<!doctype html>\n<title>${status}</title>\n<p>${text}</p>\n`,
  };
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => names[character]!);
}
