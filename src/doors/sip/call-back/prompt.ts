/**
 * What whoever answers hears: three rising tones and a pause, again and again. Made once, at the start: no file is needed, and nothing that
 * depends on a call is computed for one.
 */
import { encode, type Law, SILENCE } from './g711.ts';

export const SAMPLES_PER_SECOND = 8_000;
/** Twenty milliseconds. */
export const SAMPLES_PER_PACKET = 160;

const TONES_HZ = [523, 659, 784] as const;
const TONE_PACKETS = 10;
const PAUSE_PACKETS = 50;
const LOUDNESS = 8_000;
/** Samples in which a tone comes and goes: without that it clicks. */
const EDGE = 80;

/** Payloads of packets, to be sent round and round. */
export type Prompt = readonly Uint8Array[];

export function makePrompt(law: Law): Prompt {
  const packets = TONES_HZ.flatMap((hertz) => tone(hertz, law));
  const silence = new Uint8Array(SAMPLES_PER_PACKET).fill(SILENCE[law]);
  for (let i = 0; i < PAUSE_PACKETS; i++) packets.push(silence);
  return packets;
}

function tone(hertz: number, law: Law): Uint8Array[] {
  const length = TONE_PACKETS * SAMPLES_PER_PACKET;
  const coded = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const loudness = LOUDNESS * Math.min(1, i / EDGE, (length - i) / EDGE);
    coded[i] = encode(law, Math.round(loudness * Math.sin((2 * Math.PI * hertz * i) / SAMPLES_PER_SECOND)));
  }
  return Array.from({ length: TONE_PACKETS }, (_, i) =>
    coded.subarray(i * SAMPLES_PER_PACKET, (i + 1) * SAMPLES_PER_PACKET),
  );
}
