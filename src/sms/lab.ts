/** Gateways for tests: real servers on loopback that keep what arrived, byte for byte. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

const folder = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'tls');
export const fixture = (name: string) => join(folder, name);
export const pem = (name: string) => readFileSync(fixture(name));

/** What a gateway answers to the request that came; undefined: nothing, ever. */
export type Answer = (request: string) => string | undefined;

export interface FakeGateway {
  readonly port: number;
  /** Whole requests, head and body. */
  readonly requests: string[];
}

export async function fakeGateway(t: TestContext, answer: Answer, tls?: TlsOptions): Promise<FakeGateway> {
  const requests: string[] = [];
  const serve = (socket: Socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
      if (end < 0 || text.length < end + 4 + length) return;
      const request = text.slice(0, end + 4 + length);
      text = text.slice(end + 4 + length);
      requests.push(request);
      const reply = answer(request);
      if (reply !== undefined) socket.end(reply, 'latin1');
    });
  };
  const server = tls ? createTlsServer(tls, serve) : createTcpServer(serve);
  server.on('tlsClientError', () => {});
  return { port: await listening(t, server), requests };
}

export function ok(body: string, status = '200 OK', headers = ''): string {
  return `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}

/** An HTTP proxy that wants `Basic` credentials: CONNECT, and requests with a whole address. Gives what was asked of it. */
export async function httpProxy(t: TestContext, credentials: string, tls?: TlsOptions): Promise<FakeGateway> {
  const requests: string[] = [];
  const serve = (socket: Socket) => {
    socket.on('error', () => {});
    socket.once('data', (data) => {
      const text = data.toString('latin1');
      requests.push(text.slice(0, text.indexOf('\r\n')));
      const given = /^proxy-authorization: basic (\S+)/im.exec(text)?.[1];
      if (given !== Buffer.from(credentials).toString('base64')) {
        socket.end(ok('', '407 Proxy Authentication Required', 'Proxy-Authenticate: Basic realm="p"\r\n'));
        return;
      }
      const tunnel = /^CONNECT ([^:]+):(\d+)/.exec(text);
      const [, host, port, path] = tunnel ?? /^[A-Z]+ http:\/\/([^:/]+):(\d+)(\S*)/.exec(text) ?? [];
      const onward = connect(Number(port), host!, () => {
        if (tunnel) socket.write('HTTP/1.1 200 OK\r\n\r\n');
        else onward.write(Buffer.from(text.replace(/http:\/\/[^/ ]+\S*/, path || '/'), 'latin1'));
        socket.pipe(onward).pipe(socket);
      });
      onward.on('error', () => socket.destroy());
    });
  };
  const server = tls ? createTlsServer(tls, serve) : createTcpServer(serve);
  return { port: await listening(t, server), requests };
}

/** A SOCKS5 proxy that wants a name and a password (RFC 1928, RFC 1929). */
export async function socksProxy(t: TestContext, user: string, password: string): Promise<FakeGateway> {
  const requests: string[] = [];
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(Uint8Array.of(5, 2));
      socket.once('data', (login) => {
        const userLength = login[1]!;
        const given = [login.subarray(2, 2 + userLength), login.subarray(3 + userLength)].map(String);
        if (given[0] !== user || given[1] !== password) return void socket.end(Uint8Array.of(1, 1));
        socket.write(Uint8Array.of(1, 0));
        socket.once('data', (asked) => {
          const isName = asked[3] === 3;
          const host = isName ? asked.subarray(5, 5 + asked[4]!).toString() : asked.subarray(4, 8).join('.');
          const port = asked.readUInt16BE(asked.length - 2);
          requests.push(`${host}:${port}`);
          const onward = connect(port, host, () => {
            socket.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
            socket.pipe(onward).pipe(socket);
          });
          onward.on('error', () => socket.destroy());
        });
      });
    });
  });
  return { port: await listening(t, server), requests };
}

/** Its port; the server and its connections end with the test. */
export async function listening(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}
