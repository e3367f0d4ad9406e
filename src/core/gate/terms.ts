import type { Attribute } from '../../platform/radius/attributes.ts';

/** What an opened session may do at most; absent: no limit of this kind. */
export interface Terms {
  readonly seconds?: number;
  /** Bytes that the client may send and receive. */
  readonly upload?: number;
  readonly download?: number;
  /** What an answer of the door radius says besides. */
  readonly reply?: readonly Attribute[];
}

export const NO_TERMS: Terms = {};

/** Both hold. */
export function stricter(a: Terms, b: Terms): Terms {
  if (a === NO_TERMS || b === NO_TERMS) return a === NO_TERMS ? b : a;
  const [seconds, upload, download] = [
    least(a.seconds, b.seconds),
    least(a.upload, b.upload),
    least(a.download, b.download),
  ];
  const reply = [...(a.reply ?? []), ...(b.reply ?? [])];
  const limits = { ...(seconds && { seconds }), ...(upload && { upload }), ...(download && { download }) };
  return reply.length > 0 ? { ...limits, reply } : limits;
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
