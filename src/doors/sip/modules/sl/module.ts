/** The script's functions for stateless replies. */
import type { SipModule } from '../../script/types.ts';
import { flag, lineText, statusText } from '../value-checks.ts';
import { sendError, sendReply } from './replies.ts';

export const sl: SipModule = {
  name: 'sl',
  describe: 'Answers a request from the script, without keeping state.',
  needs: [],
  parameters: [
    {
      name: 'enable_stats',
      type: 'int',
      default: 1,
      describe: 'Accepted and without effect: replies are always counted.',
      check: flag,
    },
  ],
  functions: [
    {
      name: 'sl_send_reply',
      arity: [2],
      flow: 'answer',
      routes: ['request', 'error'],
      reachedFrom: ['failure'],
      describe:
        'Answers with status and phrase. -1: the request is an ACK, or has had its final reply. In a `route[n]` that a failure route calls it is t_reply.',
      takesVariables: [1],
      checkArgument: (index, text) => (index === 0 ? statusText(text) : lineText(text)),
    },
    {
      name: 'sl_reply_error',
      arity: [0],
      flow: 'answer',
      routes: ['request', 'error'],
      reachedFrom: ['failure'],
      describe: 'Answers with what the function that failed last has left, else 500. -1 as sl_send_reply.',
    },
  ],
  build: () => ({
    functions: { sl_reply_error: () => sendError },
    texts: {
      sl_send_reply(status, reason) {
        const number = Number(status!.constant);
        return (run) => sendReply(run, number, reason!.read(run));
      },
    },
  }),
};
