/**
 * How the users of each domain are asked for a digest: with which algorithms, whether auth-int is offered, whether a nonce is good
 * for one proof only. A domain is the realm of a challenge; the options are `sip.digest` of gatehouse.yaml.
 *
 * What a domain does not offer is not accepted there either, so that nobody can talk a telephone down to a weaker algorithm.
 * Source: RFC 7616 section 3.3, RFC 8760 section 2.
 */
import type { DigestAlgorithm } from '../../../../core/users/types.ts';

export interface DigestRules {
  /** The preferred first; at least one. */
  readonly algorithms: readonly DigestAlgorithm[];
  readonly authInt: boolean;
  readonly oneTime: boolean;
}

/** As the documents of SER and OpenSER have it. */
const DOCUMENTED: DigestRules = { algorithms: ['MD5'], authInt: false, oneTime: false };

export class DigestRuleBook {
  readonly #usual: DigestRules;
  readonly #domains: ReadonlyMap<string, DigestRules>;

  /** `domains`: what differs there from the usual, by lower-case name. */
  constructor(usual: DigestRules = DOCUMENTED, domains: ReadonlyMap<string, Partial<DigestRules>> = new Map()) {
    this.#usual = usual;
    this.#domains = new Map([...domains].map(([name, differing]) => [name, { ...usual, ...differing }]));
  }

  of(realm: string): DigestRules {
    if (this.#domains.size === 0) return this.#usual;
    return this.#domains.get(realm.toLowerCase()) ?? this.#usual;
  }

  /** Whether any domain has it so. */
  some(isSo: (rules: DigestRules) => boolean): boolean {
    return isSo(this.#usual) || [...this.#domains.values()].some(isSo);
  }
}

/** Whether the challenge is no more than the documents have. */
export function isDocumented({ algorithms }: DigestRules): boolean {
  return algorithms.length === 1 && algorithms[0] === 'MD5';
}

/** What a client's `algorithm` means; undefined: none that we know. Absent is MD5 (RFC 7616 section 3.4). */
export function algorithmOf(text: string): DigestAlgorithm | undefined {
  if (text === '' || text === 'MD5') return 'MD5';
  const upper = text.toUpperCase();
  return upper === 'MD5' || upper === 'SHA-256' || upper === 'SHA-512-256' ? upper : undefined;
}
