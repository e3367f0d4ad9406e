/**
 * Replies that the script sends by itself. That a request gets one final reply at most and an ACK none, the To-tag, and the absorbing
 * of the ACK are the engine's.
 */
import type { Run } from '../../run.ts';
import { replyThrough } from '../reply-through.ts';

/** 1 or -1. Reached from a failure route it does what t_reply does. A 3xx names the places the request would go to, when the script has changed or added any. */
export function sendReply(run: Run, status: number, reason: string): number {
  const headers = status >= 300 && status < 400 ? contacts(run) : '';
  if (run.kind === 'failure') return replyThrough(run, status, reason, headers);
  return run.reply(status, reason, headers) ? 1 : -1;
}

/** The reply that the function which failed last has left. */
export function sendError(run: Run): number {
  return sendReply(run, run.errorStatus, run.errorReason);
}

function contacts(run: Run): string {
  const uris: string[] = run.uri === run.message.uri ? [] : [`<${run.uri}>`];
  for (const branch of run.branches ?? []) uris.push(`<${branch.uri}>`);
  return uris.length === 0 ? '' : `Contact: ${uris.join(', ')}\r\n`;
}
