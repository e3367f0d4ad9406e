/**
 * When the certificates of SMS providers end: those that they were set, opened or found with at start, since these are in use until the provider is set again.
 *
 * Never more than a warning: another provider may send in place of this one, and a message that cannot be sent tells of itself.
 */
import type { HealthItem } from '../doors/types.ts';
import type { ProviderCertificate } from './types.ts';

const DAY_MS = 86_400_000;
const AHEAD_MS = 30 * DAY_MS;

export class CertificateEnds {
  readonly #byProvider = new Map<string, readonly ProviderCertificate[]>();

  has(provider: string): boolean {
    return this.#byProvider.has(provider);
  }

  set(provider: string, certificates: readonly ProviderCertificate[] = []): void {
    this.#byProvider.set(provider, certificates);
  }

  delete(provider: string): void {
    this.#byProvider.delete(provider);
  }

  health(now: number): HealthItem[] {
    return [...this.#byProvider].flatMap(([provider, certificates]) =>
      certificates.filter(({ end }) => end <= now + AHEAD_MS).map((one) => itemOf(provider, one, now)),
    );
  }
}

function itemOf(provider: string, { what, end }: ProviderCertificate, now: number): HealthItem {
  const day = new Date(end).toISOString().slice(0, 10);
  const text = `of the SMS provider ${provider}, the ${what} ${end <= now ? 'ended' : 'ends'} on ${day}: renew it, and set the provider again`;
  return { code: 'SMS_CERTIFICATE', severity: 'warning', text };
}
