/** What is asked of the name service, and what it says. Names are in lower case, without a dot at the end. */

export interface ServiceRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** '' = the service is not offered there (RFC 2782). */
  readonly name: string;
}

export interface NaptrRecord {
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
  readonly order: number;
  readonly preference: number;
}

/** The records by their type; of A and AAAA the address. */
export interface Records {
  A: string;
  AAAA: string;
  SRV: ServiceRecord;
  NAPTR: NaptrRecord;
}

export type RecordType = keyof Records;

export interface Answer<T extends RecordType = RecordType> {
  /** None: it is certain that there are none. */
  readonly records: readonly Records[T][];
  /** Milliseconds that they may be kept; absent: as the cache thinks fit. */
  readonly ttlMs?: number | undefined;
}

/** Calls back once, later. Undefined: nobody could say. */
export type LookUp = (type: RecordType, name: string, done: (answer: Answer | undefined) => void) => void;
