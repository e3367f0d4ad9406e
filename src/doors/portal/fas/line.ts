/**
 * HTTPS to a FAS of level 3. Its certificate has to be good for its name, or for its address where it has none. It is asked at the address that
 * clients are let through to, whatever resolvers say; redirects are not followed, and no time and no answer is without bound.
 *
 * Errors: PORTAL_FAS_LIST.
 */
import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import { describeError, GatehouseError } from '../../../platform/errors.ts';
import type { PortalSettings } from '../config/model.ts';

export type LineSettings = Pick<PortalSettings, 'fas_port' | 'fas_address' | 'fas_name' | 'fas_path' | 'fas_ca'>;

export interface Line {
  /** The body of the answer. */
  post(form: string, signal: AbortSignal): Promise<string>;
  close(): void;
}

/** From the connection to the end of the answer. */
const WHOLE_MS = 20_000;
const MOST_ANSWER = 65_536;
const HINT = 'does it answer there over TLS, with a certificate of an authority that `fas_ca` or Node knows?';

/** `gateway`: address where the FAS is, unless another one is configured. Errors: those of reading `fas_ca`, too. */
export function openLine({ fas_port, fas_address, fas_name, fas_path, fas_ca }: LineSettings, gateway: string): Line {
  const address = fas_address ?? gateway;
  const agent = new Agent({
    connections: 1,
    allowH2: false,
    maxResponseSize: MOST_ANSWER,
    connect: {
      timeout: WHOLE_MS,
      rejectUnauthorized: true,
      ...(fas_name === undefined ? {} : { servername: fas_name }),
      ...(fas_ca === undefined ? {} : { ca: readFileSync(fas_ca) }),
    },
  });
  const headers = {
    host: `${fas_name ?? address}:${fas_port}`,
    'content-type': 'application/x-www-form-urlencoded',
    'user-agent': 'Gatehouse',
  };
  return { post, close: () => void agent.destroy() };

  async function post(form: string, signal: AbortSignal): Promise<string> {
    try {
      const { statusCode, body } = await agent.request({
        origin: `https://${address}:${fas_port}`,
        path: fas_path,
        method: 'POST',
        headers,
        body: form,
        signal: AbortSignal.any([signal, AbortSignal.timeout(WHOLE_MS)]),
      });
      const text = await body.text();
      if (statusCode === 200) return text;
      throw new Error(`it answered ${statusCode}`);
    } catch (cause) {
      throw new GatehouseError('PORTAL_FAS_LIST', describeError(cause), { hint: HINT, cause });
    }
  }
}
