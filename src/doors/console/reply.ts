/** Answers of the HTTP door: JSON errors and the status that goes with each code. */
import type { FastifyError, FastifyReply } from 'fastify';
import { toWire } from '../../core/control/wire.ts';
import { GatehouseError } from '../../platform/errors.ts';

/** For codes that say more than their ending does. */
const STATUS: Readonly<Record<string, number>> = {
  METHOD_UNKNOWN: 404,
  HTTP_ROUTE: 404,
  HTTP_ORIGIN: 403,
  HTTP_HOST: 421,
  HTTP_UNAUTHORIZED: 401,
  HTTP_BUSY: 503,
  STORAGE_UNAVAILABLE: 503,
  STORAGE_BUSY: 503,
};

export function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  const status = statusOf(error);
  if (status === 401) reply.header('www-authenticate', 'Basic realm="Gatehouse", charset="UTF-8"');
  if (status === 503) reply.header('retry-after', '1');
  return reply.code(status).send({ error: toWire(error) });
}

function statusOf(error: unknown): number {
  if (!(error instanceof GatehouseError)) return 500;
  const { code } = error;
  if (STATUS[code]) return STATUS[code];
  if (code.endsWith('_UNKNOWN')) return 404;
  return code.endsWith('_EXISTS') ? 409 : 400;
}

/** What fastify itself refuses (body too large, wrong type, broken JSON), in our words; undefined: not of its making. */
export function requestFault(error: FastifyError): { status: number; error: GatehouseError } | undefined {
  const status = error.statusCode ?? 500;
  if (status < 400 || status >= 500) return undefined;
  const said: Record<number, string> = { 413: 'the body is too large', 415: 'the body must be application/json' };
  return { status, error: new GatehouseError('HTTP_REQUEST', said[status] ?? 'the body is not valid JSON') };
}
