/** G.711: sixteen bits of linear sound as eight bits, by either law. Source: ITU-T G.711, RFC 3551 section 4.5.14. */
export type Law = 'pcmu' | 'pcma';

/** Silence, as each law has it. */
export const SILENCE: Readonly<Record<Law, number>> = { pcmu: 0xff, pcma: 0xd5 };

const MU_BIAS = 0x84;
const MU_CLIP = 32_635;

export function encode(law: Law, sample: number): number {
  return law === 'pcmu' ? muLaw(sample) : aLaw(sample);
}

function muLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), MU_CLIP) + MU_BIAS;
  // The segment is the place of the highest bit, which the bias has put at 7 or above.
  const segment = 24 - Math.clz32(magnitude);
  return ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff;
}

function aLaw(sample: number): number {
  // Of a negative value the ones' complement, so that both halves have the same steps.
  const magnitude = (sample < 0 ? ~sample : Math.min(sample, 32_767)) >> 3;
  const segment = Math.max(0, 27 - Math.clz32(magnitude));
  const steps = magnitude >> Math.max(1, segment);
  const code = (segment << 4) | (steps & 0x0f);
  return code ^ (sample < 0 ? 0x55 : 0xd5);
}
