/**
 * The non-INVITE server transaction (RFC 3261 section 17.2.2, figure 8).
 *
 * A 408 is not sent but ends the work (RFC 4320 section 4.2: the client has given up by then). A transport error is told and
 * changes no state (RFC 6026 section 8.9).
 */
export type State = 'trying' | 'proceeding' | 'completed' | 'terminated';
export type Input = 'request' | 'send1xx' | 'send200-699' | 'send408' | 'timerJ' | 'transportError';
export type Action = 'send' | 'resend' | 'forget' | 'startJ' | 'reportAbandoned';
export type Step = readonly [State, readonly Action[]];

const TRYING: Step = ['trying', []];
const TRYING_FAILED: Step = ['trying', ['reportAbandoned']];
const PROCEEDING: Step = ['proceeding', []];
const PROCEEDING_SEND: Step = ['proceeding', ['send']];
const PROCEEDING_AGAIN: Step = ['proceeding', ['resend']];
const PROCEEDING_FAILED: Step = ['proceeding', ['reportAbandoned']];
const COMPLETED: Step = ['completed', []];
const COMPLETED_FIRST: Step = ['completed', ['send', 'startJ']];
const COMPLETED_SILENT: Step = ['completed', ['forget', 'startJ']];
const COMPLETED_AGAIN: Step = ['completed', ['resend']];
const COMPLETED_FAILED: Step = ['completed', ['reportAbandoned']];
const TERMINATED: Step = ['terminated', []];

export function step(state: State, input: Input): Step {
  switch (state) {
    case 'trying':
    case 'proceeding':
      switch (input) {
        case 'request':
          return state === 'trying' ? TRYING : PROCEEDING_AGAIN;
        case 'send1xx':
          return PROCEEDING_SEND;
        case 'send200-699':
          return COMPLETED_FIRST;
        case 'send408':
          return COMPLETED_SILENT;
        case 'transportError':
          return state === 'trying' ? TRYING_FAILED : PROCEEDING_FAILED;
        default:
          return state === 'trying' ? TRYING : PROCEEDING;
      }
    case 'completed':
      switch (input) {
        case 'request':
          return COMPLETED_AGAIN;
        case 'timerJ':
          return TERMINATED;
        case 'transportError':
          return COMPLETED_FAILED;
        default:
          return COMPLETED;
      }
    case 'terminated':
      return TERMINATED;
  }
}
