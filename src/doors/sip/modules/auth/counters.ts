/** What is worth knowing about digests that came, besides the gate's own counts. Plain numbers, read when metrics are asked for. */
export interface DigestCounters {
  /** The digest's uri is not the Request-URI: taken all the same. */
  otherUri: number;
  /** An algorithm that this domain does not offer: not taken. */
  otherAlgorithm: number;
}

export function zeroDigestCounters(): DigestCounters {
  return { otherUri: 0, otherAlgorithm: 0 };
}
