/**
 * Runs one message through a script without a network: which lines it takes, with what values and results, and what would be sent.
 *
 * What lies outside is assumed: credentials that are there are right, contacts and users are found; `results` says otherwise.
 * Errors: TRACE_MESSAGE, TRACE_RESULT.
 */
import type { Ticket } from '../../core/gate/types.ts';
import { systemClock } from '../../platform/clock.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { parseCredentials } from './message/credentials.ts';
import { Header } from './message/header-names.ts';
import type { SipMessage } from './message/message.ts';
import { parseMessage } from './message/parse.ts';
import type { ReadySip } from './prepare.ts';
import type { Run } from './run.ts';
import type { Watched } from './script/compile.ts';
import type { Call } from './script/types.ts';
import { textOf } from './script/values/types.ts';
import { WAIT } from './script/wait.ts';
import { createStage, NOWHERE, type Sent } from './stage.ts';
import { listenPoint } from './transport/point.ts';

export interface TraceOptions {
  readonly domains: readonly string[];
  /** Results of functions by name, in place of what is assumed. */
  readonly results: ReadonlyMap<string, number>;
}

export interface TraceStep {
  readonly route: string;
  readonly line: number;
  /** The line itself. */
  readonly text: string;
  readonly kind: Watched['kind'];
  /** What the function gave; of a condition whether it is true. Absent: it waits. */
  readonly result?: number;
  readonly values: readonly { readonly name: string; readonly value: string }[];
  /** The result was assumed, not found out. */
  readonly assumed: boolean;
}

export interface TraceReport {
  readonly message: string;
  readonly steps: readonly TraceStep[];
  readonly said: readonly string[];
  readonly sent: readonly string[];
  readonly verdict: string;
}

const CALLER = '192.0.2.1';
const FULL = /^\d{1,3}(\.\d{1,3}){3}$/;

/** `text`: of the message, with any line ends. */
export async function traceMessage(
  { script, text: source, listen }: Pick<ReadySip, 'script' | 'text' | 'listen'>,
  text: string,
  { domains, results }: TraceOptions,
): Promise<TraceReport> {
  const message = readMessage(text);
  const lines = source.split('\n');
  const steps: TraceStep[] = [];
  const said: string[] = [];
  let assumed = false;
  refuseUnknown(results, new Set(script.modules.flatMap(({ module }) => module.functions.map(({ name }) => name))));
  const stage = await createStage({
    script,
    clock: systemClock,
    log: silentLog,
    points: listen.map(({ protocol, address, port }) => listenPoint(protocol, address, port)),
    domains,
    assume(name, run) {
      assumed = true;
      return assumption(name, run);
    },
    compile: { watch, wrap: forced },
    said: (_level, line) => void said.push(line),
  });
  const via = message.via;
  const address = via && FULL.test(via.host) ? via.host : CALLER;
  const point = listenPoint(listen[0]!.protocol, listen[0]!.address, listen[0]!.port);
  stage.receive(message.raw, { point, address, port: via?.port || 5060, connection: undefined });
  await stage.idle();
  // A 100 may be repeated when a name was looked up meanwhile.
  const sent = [...new Set(stage.sent.map(sentText))];
  return {
    message: `${message.method} ${message.uri} from ${address}`,
    steps,
    said,
    sent,
    verdict: verdictOf(stage.sent),
  };

  function watch({ route, at, kind, values }: Watched, call: Call): Call {
    return (run) => {
      assumed = false;
      const result = call(run);
      const seen = values(run).map(({ name, value }) => ({ name, value: textOf(value) }));
      steps.push({
        route,
        line: at.line,
        text: lines[at.line - 1]?.trim() ?? '',
        kind,
        ...(result === WAIT ? {} : { result }),
        values: seen,
        assumed,
      });
      return result;
    };
  }

  function forced(name: string, call: Call): Call {
    const result = results.get(name);
    return result === undefined ? call : () => result;
  }
}

function readMessage(text: string): SipMessage {
  const [head = '', ...rest] = text.replace(/\r\n/g, '\n').replace(/^\n+/, '').split('\n\n');
  const body = rest.join('\n\n');
  const message = parseMessage(`${head.trimEnd().replaceAll('\n', '\r\n')}\r\n\r\n${body}`);
  if (message?.isRequest) return message;
  throw new GatehouseError('TRACE_MESSAGE', 'the file holds no SIP request', {
    hint: 'it begins with a line such as INVITE sip:bob@example.com SIP/2.0, then the headers, an empty line, the body',
  });
}

function refuseUnknown(results: ReadonlyMap<string, number>, known: ReadonlySet<string>): void {
  for (const name of results.keys()) {
    if (known.has(name)) continue;
    throw new GatehouseError('TRACE_RESULT', `no module of the script has a function ${name}`, {
      hint: 'give --result NAME=NUMBER for a function that the script loads',
    });
  }
}

function assumption(name: string, run: Run): number {
  if (name.endsWith('_authorize')) return authorise(run, name.startsWith('proxy'));
  if (name === 'save') run.reply(200, 'OK');
  return 1;
}

/** Credentials that are there are taken for right. */
function authorise(run: Run, proxy: boolean): number {
  const { message } = run;
  if (message.method === 'ACK' || message.method === 'CANCEL') return 1;
  const header = message.indexOf(proxy ? Header.proxyAuthorization : Header.authorization);
  const credentials = header < 0 ? undefined : parseCredentials(message.valueAt(header));
  if (!credentials) return -4;
  const { username, realm } = credentials;
  run.authorised = { header, username, user: username.split('@')[0]!, realm, ticket: undefined as unknown as Ticket };
  return 1;
}

function sentText({ text, target }: Sent): string {
  const address = target.address === NOWHERE ? 'wherever its name leads,' : `${target.address}:`;
  const place = `${address}${target.address === NOWHERE ? ' port ' : ''}${target.port} (${target.protocol})`;
  const first = text.slice(0, text.indexOf('\r\n'));
  return first.startsWith('SIP/2.0 ')
    ? `${first.slice(8)} to ${place}`
    : `${first.replace(/ SIP\/2\.0$/, '')} to ${place}`;
}

function verdictOf(sent: readonly Sent[]): string {
  const requests = sent.filter(({ text }) => !text.startsWith('SIP/2.0 '));
  const final = sent.find(({ text }) => /^SIP\/2\.0 [2-6]/.test(text));
  if (requests.length > 0) return `passed on to ${requests.length === 1 ? 'one place' : `${requests.length} places`}`;
  if (final) return `answered ${final.text.slice(8, final.text.indexOf('\r\n'))}`;
  return 'nothing is answered and nothing passed on';
}
