/** Methods as bits, in the order OpenSER's `methods` column has them. */
const METHODS = [
  'INVITE',
  'CANCEL',
  'ACK',
  'BYE',
  'INFO',
  'OPTIONS',
  'UPDATE',
  'REGISTER',
  'MESSAGE',
  'SUBSCRIBE',
  'NOTIFY',
  'PRACK',
  'REFER',
  'PUBLISH',
];
const OTHER = 1 << METHODS.length;

export function methodBit(method: string): number {
  const index = METHODS.indexOf(method);
  return index < 0 ? OTHER : 1 << index;
}

/** The mask of an Allow header, e.g. `INVITE, ACK, BYE`. */
export function methodMask(allow: string): number {
  let mask = 0;
  for (const method of allow.split(',')) mask |= methodBit(method.trim());
  return mask;
}
