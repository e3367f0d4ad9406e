/** tm's commands: requests of our own. */
import type { ManagementReply } from '../../../core/admin/management.ts';
import { Header } from '../message/header-names.ts';
import type { SipMessage } from '../message/message.ts';
import { type Command, type Desk, ok, refusal } from './command.ts';
import { RequestRefused, remoteTarget, routeSet } from './own-request.ts';

export const REQUEST_COMMANDS: readonly Command[] = [
  {
    name: 't_uac_dlg',
    args: ['method', 'request URI', 'next hop', 'socket', 'headers', '[body]'],
    describe:
      'Sends a request and waits for its final response; a 2xx to an INVITE is acknowledged. `.` as next hop or socket: whichever ' +
      'leads there. From and To must be among the headers; Via, Max-Forwards and Content-Length are ours, Call-ID, CSeq and the tag ' +
      'of From, where they are missing, too. `!!` in a header becomes our address. Over the FIFO as SER writes it (method, URI, next ' +
      'hop, headers up to a line `.`, body up to a line `.`) or as OpenSER does (headers and body in quotes)',
    reply:
      'status and phrase of the response, its remote target, the next hop, a Route line for the next request of the dialog (`.` ' +
      'for none of these), its headers, an empty line, its body; 400 for a request that cannot be sent, 408 without an answer',
    takesRequest: true,
    run: sendRequest,
  },
  {
    name: 't_uac_cancel',
    args: ['call id', 'cseq'],
    describe: 'Cancels an INVITE that t_uac_dlg has sent',
    reply: '200 OK; 404 where there is none',
    run: ({ requester }, callId, cseq) =>
      requester.cancel(callId!, Number(cseq)) ? ok() : refusal(404, 'No such transaction'),
  },
];

async function sendRequest(
  { requester }: Desk,
  ...[method, uri, nextHop, socket, headers, body = '']: string[]
): Promise<ManagementReply> {
  try {
    const given = (text: string | undefined) => (text === '.' || text === '' ? undefined : text);
    const answer = await requester.send({
      method: method!.trim(),
      uri: uri!.trim(),
      nextHop: given(nextHop),
      socket: given(socket),
      headers: wire(headers!),
      body: wire(body),
    });
    if (answer.response === undefined) return refusal(answer.status, answer.reason);
    const lines = [...dialogLines(answer.response, given(nextHop)), ...messageLines(answer.response)];
    return { status: answer.status, reason: answer.reason, lines };
  } catch (error) {
    if (error instanceof RequestRefused) return refusal(error.status, error.message);
    throw error;
  }
}

/** As SIP messages travel: a character is a byte. */
function wire(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function dialogLines(response: SipMessage, nextHop: string | undefined): string[] {
  const routes = routeSet(response);
  return [remoteTarget(response) ?? '.', nextHop ?? '.', routes === '' ? '.' : `Route: ${routes}`];
}

function messageLines(response: SipMessage): string[] {
  const lines: string[] = [];
  for (let index = 0; index < response.headerCount; index++) {
    if (response.idAt(index) !== Header.via) lines.push(response.lineAt(index).trimEnd());
  }
  if (response.body !== '') lines.push('', ...response.body.split(/\r?\n/));
  return lines.map((line) => Buffer.from(line, 'latin1').toString('utf8'));
}
