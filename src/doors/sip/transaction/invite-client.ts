/**
 * The INVITE client transaction (RFC 3261 section 17.1.1.2, with the state `accepted` of RFC 6026 section 8.4).
 *
 * Three departures. A user that waits less than timer B is told when its time is over (`timerS`), and the transaction stays until timer B
 * ends, `silent`: it repeats nothing, but knows a late response, so that a callee who rings after all has a CANCEL and a 2xx is not
 * lost. Timer B also runs in `proceeding`, once the INVITE was cancelled (section 9.1: 64*T1 after the CANCEL the
 * transaction counts as cancelled). A transport error behind a final response is not reported: the user has its answer.
 */
export type State = 'calling' | 'silent' | 'proceeding' | 'accepted' | 'completed' | 'terminated';
export type Input = '1xx' | '2xx' | '300-699' | 'timerA' | 'timerB' | 'timerD' | 'timerM' | 'timerS' | 'transportError';
export type Action =
  | 'passUp'
  | 'sendAck'
  | 'resend'
  | 'doubleA'
  | 'stopAB'
  | 'restB'
  | 'startD'
  | 'startM'
  | 'reportTimeout'
  | 'reportTransportError';
export type Step = readonly [State, readonly Action[]];

const CALLING: Step = ['calling', []];
const CALLING_AGAIN: Step = ['calling', ['resend', 'doubleA']];
const SILENT: Step = ['silent', []];
const SILENT_NOW: Step = ['silent', ['restB', 'reportTimeout']];
const PROCEEDING: Step = ['proceeding', []];
const PROCEEDING_FIRST: Step = ['proceeding', ['stopAB', 'passUp']];
const PROCEEDING_MORE: Step = ['proceeding', ['passUp']];
const ACCEPTED: Step = ['accepted', []];
const ACCEPTED_FIRST: Step = ['accepted', ['stopAB', 'startM', 'passUp']];
const ACCEPTED_MORE: Step = ['accepted', ['passUp']];
const COMPLETED: Step = ['completed', []];
const COMPLETED_FIRST: Step = ['completed', ['stopAB', 'sendAck', 'startD', 'passUp']];
const COMPLETED_AGAIN: Step = ['completed', ['sendAck']];
const TERMINATED: Step = ['terminated', []];
const TIMED_OUT: Step = ['terminated', ['reportTimeout']];
const FAILED: Step = ['terminated', ['reportTransportError']];

export function step(state: State, input: Input): Step {
  switch (state) {
    case 'calling':
      switch (input) {
        case '1xx':
          return PROCEEDING_FIRST;
        case '2xx':
          return ACCEPTED_FIRST;
        case '300-699':
          return COMPLETED_FIRST;
        case 'timerA':
          return CALLING_AGAIN;
        case 'timerB':
          return TIMED_OUT;
        case 'timerS':
          return SILENT_NOW;
        case 'transportError':
          return FAILED;
        default:
          return CALLING;
      }
    case 'silent':
      switch (input) {
        case '1xx':
          return PROCEEDING_FIRST;
        case '2xx':
          return ACCEPTED_FIRST;
        case '300-699':
          return COMPLETED_FIRST;
        case 'timerB':
        case 'transportError':
          return TERMINATED;
        default:
          return SILENT;
      }
    case 'proceeding':
      switch (input) {
        case '1xx':
          return PROCEEDING_MORE;
        case '2xx':
          return ACCEPTED_FIRST;
        case '300-699':
          return COMPLETED_FIRST;
        case 'timerB':
          return TIMED_OUT;
        default:
          return PROCEEDING;
      }
    case 'accepted':
      if (input === '2xx') return ACCEPTED_MORE;
      return input === 'timerM' ? TERMINATED : ACCEPTED;
    case 'completed':
      if (input === '300-699') return COMPLETED_AGAIN;
      return input === 'timerD' || input === 'transportError' ? TERMINATED : COMPLETED;
    case 'terminated':
      return TERMINATED;
  }
}
