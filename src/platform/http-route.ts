/**
 * How one door answers requests under paths of another one's HTTP server; main joins the two.
 *
 * The server has bounded and parsed the request, and refused foreign hosts. Who may call, from which web pages too, is the affair
 * of the door that answers: forms come from anywhere, so that a cookie or remembered password alone proves nothing.
 */
import type { IncomingHttpHeaders } from 'node:http';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Without the query. */
  readonly path: string;
  /** Of the query and of the body (form, multipart or a JSON object); the query goes first, and of several values the first counts. */
  readonly fields: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  /** Who sent it, over the wire. */
  readonly address: string;
  readonly port: number;
  /** It came over TLS. */
  readonly secure: boolean;
}

export interface HttpReply {
  readonly status: number;
  /** Content-Type. */
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

export interface HttpRoutes {
  /** `/validate` stands for all paths below it. */
  readonly prefixes: readonly string[];
  /** What it throws is answered with an error of the server. */
  handle(request: HttpRequest): HttpReply | Promise<HttpReply>;
}
