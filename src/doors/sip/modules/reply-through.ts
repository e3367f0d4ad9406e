/** Answers from the script through the transaction. */
import type { Run } from '../run.ts';

/** 1, or -1: there is no transaction, or it had its final reply. */
export function replyThrough(run: Run, status: number, reason: string, headers = ''): number {
  const { transaction } = run;
  if (transaction === undefined) return run.fail(500, 'No transaction to answer');
  if (!run.reply(status, reason, headers)) return -1;
  // What t_relay has sent is not wanted any more.
  if (status >= 200 && run.relayed) transaction.user?.onCancel(transaction);
  return 1;
}
