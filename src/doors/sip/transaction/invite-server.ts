/**
 * The INVITE server transaction (RFC 3261 section 17.2.1, with the state `accepted` of RFC 6026 section 8.5).
 *
 * A transport error is told and changes no state (RFC 6026 section 8.9): the client may come again over a new connection.
 */
export type State = 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';
export type Input =
  | 'invite'
  | 'ack'
  | 'send1xx'
  | 'send2xx'
  | 'send300-699'
  | 'timerG'
  | 'timerH'
  | 'timerI'
  | 'timerL'
  | 'transportError';
export type Action =
  | 'send'
  | 'resend'
  | 'forget'
  | 'startGH'
  | 'doubleG'
  | 'stopGH'
  | 'startI'
  | 'startL'
  | 'reportAbandoned';
export type Step = readonly [State, readonly Action[]];

const PROCEEDING: Step = ['proceeding', []];
const PROCEEDING_SEND: Step = ['proceeding', ['send']];
const PROCEEDING_AGAIN: Step = ['proceeding', ['resend']];
const PROCEEDING_FAILED: Step = ['proceeding', ['reportAbandoned']];
const ACCEPTED: Step = ['accepted', []];
const ACCEPTED_FIRST: Step = ['accepted', ['send', 'startL']];
const ACCEPTED_MORE: Step = ['accepted', ['send', 'forget']];
const ACCEPTED_FAILED: Step = ['accepted', ['reportAbandoned']];
const COMPLETED: Step = ['completed', []];
const COMPLETED_FIRST: Step = ['completed', ['send', 'startGH']];
const COMPLETED_AGAIN: Step = ['completed', ['resend']];
const COMPLETED_TIMER: Step = ['completed', ['resend', 'doubleG']];
const COMPLETED_FAILED: Step = ['completed', ['reportAbandoned']];
const CONFIRMED: Step = ['confirmed', []];
const CONFIRMED_FIRST: Step = ['confirmed', ['stopGH', 'startI']];
const TERMINATED: Step = ['terminated', []];
const ABANDONED: Step = ['terminated', ['reportAbandoned']];

export function step(state: State, input: Input): Step {
  switch (state) {
    case 'proceeding':
      switch (input) {
        case 'invite':
          return PROCEEDING_AGAIN;
        case 'send1xx':
          return PROCEEDING_SEND;
        case 'send2xx':
          return ACCEPTED_FIRST;
        case 'send300-699':
          return COMPLETED_FIRST;
        case 'transportError':
          return PROCEEDING_FAILED;
        default:
          return PROCEEDING;
      }
    case 'accepted':
      switch (input) {
        case 'send2xx':
          return ACCEPTED_MORE;
        case 'timerL':
          return TERMINATED;
        case 'transportError':
          return ACCEPTED_FAILED;
        default:
          return ACCEPTED;
      }
    case 'completed':
      switch (input) {
        case 'invite':
          return COMPLETED_AGAIN;
        case 'ack':
          return CONFIRMED_FIRST;
        case 'timerG':
          return COMPLETED_TIMER;
        case 'timerH':
          return ABANDONED;
        case 'transportError':
          return COMPLETED_FAILED;
        default:
          return COMPLETED;
      }
    case 'confirmed':
      return input === 'timerI' ? TERMINATED : CONFIRMED;
    case 'terminated':
      return TERMINATED;
  }
}
