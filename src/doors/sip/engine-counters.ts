/** What the engine counts. */

/** Plain numbers, read when metrics are asked for. */
export interface EngineCounters {
  requests: number;
  responses: number;
  /** Not SIP at all: dropped without an answer. */
  garbage: number;
  /** SIP with a fault: answered with 4xx/5xx, or dropped where no answer is possible. */
  faultsAnswered: number;
  faultsDropped: number;
  strayResponses: number;
  absorbed: number;
  /** Repeated requests that got the reply of before again. */
  answeredAgain: number;
  suspensions: number;
  /** Runs that waited too long and were given up. */
  abandoned: number;
  queued: number;
  queueOverflows: number;
  /** Dropped without an answer because the sender is over its limit. */
  silenced: number;
  /** Second final replies that the script tried to send. */
  repliesRefused: number;
  /** Final replies of our own, by class: index 2 = 2xx … 6 = 6xx. */
  readonly replies: number[];
  /** Replies of our own that went without a transaction, by status. */
  readonly statelessReplies: Float64Array;
}

export function zeroCounters(): EngineCounters {
  return {
    requests: 0,
    responses: 0,
    garbage: 0,
    faultsAnswered: 0,
    faultsDropped: 0,
    strayResponses: 0,
    absorbed: 0,
    answeredAgain: 0,
    suspensions: 0,
    abandoned: 0,
    queued: 0,
    queueOverflows: 0,
    silenced: 0,
    repliesRefused: 0,
    replies: [0, 0, 0, 0, 0, 0, 0],
    statelessReplies: new Float64Array(700),
  };
}
