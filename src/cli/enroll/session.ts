/**
 * A session with the administration of LinOTP 4, or of anything that speaks as it does: cookies from /admin/login, and the
 * CSRF token of one of them in a header of each call.
 *
 * Errors: LINOTP_UNREACHABLE (no answer, or none of LinOTP's form), LINOTP_REFUSED (it says no, with its words).
 */
import { Agent, request } from 'undici';
import { GatehouseError } from '../../platform/errors.ts';

const CALL_MS = 60_000;
const CSRF = 'csrf_access_token';
const MOST_BYTES = 64 << 20;

export interface LinotpSession {
  /** The answer's value and detail. */
  call(path: string, fields: Readonly<Record<string, string>>): Promise<{ value: unknown; detail: unknown }>;
  close(): Promise<void>;
}

interface Reply {
  result?: { status?: boolean; value?: unknown; error?: { code?: number; message?: string } };
  detail?: unknown;
}

export async function openSession(
  url: string,
  user: string,
  password: string,
  verify: boolean,
): Promise<LinotpSession> {
  const base = URL.parse(url.replace(/\/*$/, '/'));
  if (!base || !/^https?:$/.test(base.protocol)) {
    throw new GatehouseError('COMMAND_LINE', `${JSON.stringify(url.slice(0, 200))} is no address`, {
      hint: 'write https://HOST[:PORT]',
    });
  }
  const dispatcher = new Agent({ connect: { rejectUnauthorized: verify } });
  const cookies = new Map<string, string>();
  const session = { call, close: () => dispatcher.close() };
  try {
    const { value } = await call('admin/login', { username: user, password });
    if (value !== true) throw refused('admin/login', 'Bad username or password');
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }

  async function call(path: string, fields: Readonly<Record<string, string>>) {
    const { result, detail } = await post(path, fields);
    if (result?.status === true) return { value: result.value, detail };
    throw refused(path, result?.error?.message ?? 'an answer without a reason');
  }

  async function post(path: string, fields: Readonly<Record<string, string>>): Promise<Reply> {
    let text: string;
    try {
      const { headers, body } = await request(new URL(path, base!), {
        method: 'POST',
        dispatcher,
        signal: AbortSignal.timeout(CALL_MS),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          'x-csrf-token': cookies.get(CSRF) ?? '',
        },
        body: new URLSearchParams(fields).toString(),
      });
      keep([headers['set-cookie'] ?? []].flat());
      text = await textOf(body);
    } catch (cause) {
      throw unreachable((cause as Error).message || String(cause), cause);
    }
    try {
      return JSON.parse(text) as Reply;
    } catch (cause) {
      throw unreachable(`/${path} answered something else than JSON: ${text.slice(0, 80)}`, cause);
    }
  }

  function keep(lines: readonly string[]): void {
    for (const line of lines) {
      const [, name, value] = /^([^=;\s]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
  }

  function unreachable(why: string, cause: unknown): GatehouseError {
    return new GatehouseError('LINOTP_UNREACHABLE', why, { where: base!.origin, cause });
  }

  function refused(path: string, why: string): GatehouseError {
    return new GatehouseError('LINOTP_REFUSED', why, { where: new URL(path, base!).href });
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > MOST_BYTES) throw new Error(`an answer of more than ${MOST_BYTES >> 20} MB`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
