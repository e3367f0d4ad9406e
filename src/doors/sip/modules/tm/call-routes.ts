/** The runs in which a script looks at what becomes of a request it has relayed: failure, reply and branch routes. */
import { Edits } from '../../message/edits.ts';
import type { SipMessage } from '../../message/message.ts';
import { type Branch, type RelayedRequest, Run } from '../../run.ts';
import type { Target } from '../../transport/types.ts';

/** The request again, as it was relayed. Changes to headers are for the branches that this route adds. */
export function failureRun(request: Run, call: RelayedRequest, uri: string): Run {
  const run = new Run(request.host, request.message, request.source);
  run.edition = request.edition;
  run.kind = 'failure';
  run.uri = uri;
  run.edits = copyOf(request.edits);
  run.recordRoute = request.recordRoute;
  run.sendFrom = request.sendFrom;
  run.advertised = request.advertised;
  run.localRport = request.localRport;
  run.flags = request.flags;
  run.branchFlags = request.branchFlags;
  run.avps = request.avps;
  run.serial = request.serial;
  run.forceRport = request.forceRport;
  run.authorised = request.authorised;
  run.transaction = request.transaction;
  run.cancelled = call.cancelled;
  run.call = call;
  return run;
}

interface Seen {
  readonly run: Run;
  readonly response: SipMessage;
  /** Where the request went. */
  readonly target: Target;
  readonly number: number;
  readonly call: RelayedRequest;
}

/** The route for all replies first, then the one that is armed; `drop` in either discards a provisional one. */
export function runReplyRoutes({ run: request, response, target, number, call }: Seen): Run {
  const { address, port } = target;
  const point = target.point ?? request.source.point;
  const run = new Run(request.host, response, { point, address, port, connection: undefined });
  const { edition } = request;
  run.edition = edition;
  run.kind = 'reply';
  run.flags = request.flags;
  run.avps = request.avps;
  run.onFailure = request.onFailure;
  run.call = call;
  if (edition.has('onreply_route')) edition.start(run, 'onreply_route');
  if (number !== 0 && !run.discarded) edition.start(run, `onreply_route[${number}]`);
  request.flags = run.flags;
  request.avps = run.avps;
  return run;
}

/**
 * Runs the branch route for each place the request shall go to and gives those that are left, each with its changes. The first is
 * the Request-URI's.
 */
export function runBranchRoutes(request: Run, number: number): Branch[] {
  const { uri, destination, path, uriFrom, edition } = request;
  const left: Branch[] = [];
  const first: Branch = { uri, destination, path, sendFrom: uriFrom };
  for (const branch of [first, ...(request.branches ?? [])]) {
    const run = new Run(request.host, request.message, request.source);
    run.edition = edition;
    run.kind = 'branch';
    run.uri = branch.uri;
    run.destination = branch.destination;
    run.edits = copyOf(request.edits);
    run.recordRoute = request.recordRoute;
    run.flags = request.flags;
    run.branchFlags = branch.flags ?? request.branchFlags;
    run.avps = request.avps;
    run.authorised = request.authorised;
    run.onReply = request.onReply;
    run.onFailure = request.onFailure;
    edition.start(run, `branch_route[${number}]`);
    request.flags = run.flags;
    request.avps = run.avps;
    request.onFailure = run.onFailure;
    if (run.discarded) continue;
    const onReply = run.onReply === request.onReply ? 0 : run.onReply;
    const made = { edits: run.edits, recordRoute: run.recordRoute, flags: run.branchFlags, onReply };
    left.push({ uri: run.uri, destination: run.destination, path: branch.path, sendFrom: branch.sendFrom, made });
  }
  return left;
}

function copyOf(edits: Edits): Edits {
  const copy = new Edits();
  copy.top = edits.top;
  copy.bottom = edits.bottom;
  copy.lines = edits.lines?.slice();
  copy.body = edits.body;
  return copy;
}
