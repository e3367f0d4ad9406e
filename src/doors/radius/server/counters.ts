/** What the door counts. Plain numbers; metrics read them. */
export type Dropped =
  | 'unknown-client' // from an address that no client has
  | 'malformed' // not a RADIUS packet
  | 'unexpected' // a code that this port does not answer
  | 'unsigned' // without the Message-Authenticator that it must have
  | 'wrong-secret' // Message-Authenticator or Request Authenticator do not fit the secret
  | 'busy' // too many requests wait
  | 'too-long' // the answer does not fit a packet
  | 'fault'; // an error of ours

export interface RadiusCounters {
  requests: number;
  status: number;
  duplicates: number;
  accepts: number;
  rejects: number;
  challenges: number;
  /** Accounting-Responses. */
  accounted: number;
  /** Answers to Disconnect- and CoA-Requests. */
  acks: number;
  naks: number;
  /** Requests that nothing was said to, by the gate's verdict. */
  silent: number;
  sendErrors: number;
  readonly dropped: Record<Dropped, number>;
}

export function newCounters(): RadiusCounters {
  return {
    requests: 0,
    status: 0,
    duplicates: 0,
    accepts: 0,
    rejects: 0,
    challenges: 0,
    accounted: 0,
    acks: 0,
    naks: 0,
    silent: 0,
    sendErrors: 0,
    dropped: {
      'unknown-client': 0,
      malformed: 0,
      unexpected: 0,
      unsigned: 0,
      'wrong-secret': 0,
      busy: 0,
      'too-long': 0,
      fault: 0,
    },
  };
}
