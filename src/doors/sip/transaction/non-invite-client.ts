/** The non-INVITE client transaction (RFC 3261 section 17.1.2.2, figure 6). */
export type State = 'trying' | 'proceeding' | 'completed' | 'terminated';
export type Input = '1xx' | '200-699' | 'timerE' | 'timerF' | 'timerK' | 'transportError';
export type Action =
  | 'passUp'
  | 'resend'
  | 'doubleE'
  | 'setEToT2'
  | 'stopEF'
  | 'startK'
  | 'reportTimeout'
  | 'reportTransportError';
export type Step = readonly [State, readonly Action[]];

const TRYING: Step = ['trying', []];
const TRYING_AGAIN: Step = ['trying', ['resend', 'doubleE']];
const PROCEEDING: Step = ['proceeding', []];
const PROCEEDING_MORE: Step = ['proceeding', ['passUp']];
const PROCEEDING_AGAIN: Step = ['proceeding', ['resend', 'setEToT2']];
const COMPLETED: Step = ['completed', []];
const COMPLETED_FIRST: Step = ['completed', ['stopEF', 'startK', 'passUp']];
const TERMINATED: Step = ['terminated', []];
const TIMED_OUT: Step = ['terminated', ['reportTimeout']];
const FAILED: Step = ['terminated', ['reportTransportError']];

export function step(state: State, input: Input): Step {
  switch (state) {
    case 'trying':
    case 'proceeding':
      switch (input) {
        case '1xx':
          return PROCEEDING_MORE;
        case '200-699':
          return COMPLETED_FIRST;
        case 'timerE':
          return state === 'trying' ? TRYING_AGAIN : PROCEEDING_AGAIN;
        case 'timerF':
          return TIMED_OUT;
        case 'transportError':
          return FAILED;
        default:
          return state === 'trying' ? TRYING : PROCEEDING;
      }
    case 'completed':
      return input === 'timerK' ? TERMINATED : COMPLETED;
    case 'terminated':
      return TERMINATED;
  }
}
