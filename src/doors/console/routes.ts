/**
 * Paths that other doors answer (platform/http-route.ts): forms are taken there, which nothing else on this port does.
 *
 * Errors: HTTP_REQUEST (a body that cannot be read).
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GatehouseError } from '../../platform/errors.ts';
import type { HttpRequest, HttpRoutes } from '../../platform/http-route.ts';

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';
/** The longest that anybody brings here is a file of policies or of tokens. */
const MAX_BODY = 1024 * 1024;
const MAX_FIELDS = 1000;

type Fields = Map<string, string>;

export async function mountRoutes(app: FastifyInstance, routes: HttpRoutes): Promise<void> {
  await app.register(async (scope) => {
    scope.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: MAX_BODY }, (_request, body, done) =>
      done(null, new URLSearchParams(body as string)),
    );
    scope.addContentTypeParser(MULTIPART, { parseAs: 'buffer', bodyLimit: MAX_BODY }, (request, body, done) => {
      readMultipart(request.headers['content-type']!, body as Buffer<ArrayBuffer>).then(
        (form) => done(null, form),
        done,
      );
    });
    for (const prefix of routes.prefixes)
      scope.route({
        method: ['GET', 'POST'],
        url: `${prefix}/*`,
        exposeHeadRoute: false,
        bodyLimit: MAX_BODY,
        handler: async (request, reply) => {
          const answer = await routes.handle(requestOf(request));
          if (answer.headers) reply.headers(answer.headers as Record<string, string | string[]>);
          return reply.code(answer.status).type(answer.type).send(answer.body);
        },
      });
  });
}

function requestOf(request: FastifyRequest): HttpRequest {
  const { method, url, headers, socket, raw } = request;
  const mark = url.indexOf('?');
  const fields: Fields = new Map();
  if (mark >= 0) addAll(fields, new URLSearchParams(url.slice(mark + 1)));
  const { body } = request;
  if (body instanceof URLSearchParams || body instanceof Map) addAll(fields, body);
  else if (typeof body === 'object' && body !== null) addAll(fields, membersOf(body));
  return {
    method: method as HttpRequest['method'],
    path: mark < 0 ? url : url.slice(0, mark),
    fields,
    headers,
    address: request.ip,
    port: socket.remotePort ?? 0,
    secure: 'encrypted' in raw.socket,
  };
}

function addAll(fields: Fields, more: Iterable<[string, string]>): void {
  for (const [name, value] of more) {
    if (fields.has(name)) continue;
    if (fields.size === MAX_FIELDS) throw unreadable(`there are more than ${MAX_FIELDS} fields`);
    fields.set(name, value);
  }
}

function* membersOf(body: object): Generator<[string, string]> {
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined) continue;
    yield [name, typeof value === 'object' ? JSON.stringify(value) : String(value)];
  }
}

/** Files count as their texts. */
async function readMultipart(type: string, body: Buffer<ArrayBuffer>): Promise<Fields> {
  const fields: Fields = new Map();
  try {
    const form = await new Response(body, { headers: { 'content-type': type } }).formData();
    for (const [name, value] of form) {
      if (!fields.has(name)) fields.set(name, typeof value === 'string' ? value : await value.text());
    }
  } catch (cause) {
    throw unreadable('the parts of the body cannot be told apart', cause);
  }
  return fields;
}

function unreadable(why: string, cause?: unknown): GatehouseError {
  return new GatehouseError('HTTP_REQUEST', why, { cause });
}
