/** The commands that count. All counters begin with the start and only grow; Prometheus reads the same ones under /metrics. */
import type { ManagementLine, ManagementReply } from '../../../core/admin/management.ts';
import { type Command, type Desk, ok, refusal } from './command.ts';

export const STATISTICS_COMMANDS: readonly Command[] = [
  {
    name: 't_stats',
    args: [],
    describe: 'Counts transactions',
    reply:
      '200 OK, `Current: n (n waiting) Total: n (n local)`, `Replied localy: n`, `Completion status 6xx: n, 5xx: n, 4xx: n, 3xx: n,2xx: n`',
    run: (desk) => ok(transactionLines(desk)),
  },
  {
    name: 't_hash',
    args: [],
    describe: 'Counts transactions under way. There are no hash buckets to show',
    reply: '200 OK, `server`, `client`',
    run: ({ transactions: { stats } }) =>
      ok([
        ['server', stats.servers],
        ['client', stats.clients],
      ]),
  },
  {
    name: 'sl_stats',
    args: [],
    describe: 'Counts replies sent without a transaction, by status',
    reply: '200 OK and a line for each class: `200: n 202: n 2xx: n`, the last one being all others of the class',
    run: ({ engine }) => ok(STATELESS.map((line) => statelessLine(line, engine.counters.statelessReplies))),
  },
  {
    name: 'get_statistics',
    args: ['...'],
    describe: 'Tells statistics: `all`, a group `tm:`, or a name',
    reply: '200 OK and a line each: `tm:inuse_transactions = 3`; 404 where nothing has such a name',
    run: (desk, ...names) => named(desk, names),
  },
  {
    name: 'reset_statistics',
    args: ['...'],
    describe: 'Refused: whoever reads counters keeps the last value and takes the difference',
    reply: '403',
    run: () => refusal(403, 'counters are never reset; take the difference of two readings'),
  },
];

/** The statuses that SER counts by themselves. */
const STATELESS = [[200, 202], [300, 301, 302], [400, 401, 403, 404, 407, 408, 483], [500], [600]] as const;

function statelessLine(own: readonly number[], replies: Readonly<Float64Array>): string {
  const first = own[0]!;
  let others = 0;
  for (let status = first; status < first + 100; status++) if (!own.includes(status)) others += replies[status]!;
  const each = own.filter((status) => status < 600).map((status) => `${status}: ${replies[status]} `);
  // Of 6xx SER counts the class alone.
  return `${each.join('')}${first / 100}xx: ${others + (first === 600 ? replies[600]! : 0)}`;
}

function transactionLines({ transactions, engine, requester }: Desk): ManagementLine[] {
  const { stats } = transactions;
  const { completed } = stats;
  const local = sum(engine.counters.replies) - sum(engine.counters.statelessReplies.subarray(200));
  return [
    `Current: ${stats.servers} (${transactions.waiting()} waiting) Total: ${stats.taken + requester.sent} (${requester.sent} local)`,
    `Replied localy: ${local}`,
    `Completion status 6xx: ${completed[6]}, 5xx: ${completed[5]}, 4xx: ${completed[4]}, 3xx: ${completed[3]},2xx: ${completed[2]}`,
  ];
}

function named(desk: Desk, names: readonly string[]): ManagementReply {
  const all = [...statistics(desk)];
  const found = all.filter(([name]) =>
    names.some(
      (one) => one === 'all' || name === one || (one.endsWith(':') && name.startsWith(one)) || name.endsWith(`:${one}`),
    ),
  );
  if (found.length === 0) return refusal(404, 'Statistics not found');
  return ok(found.map(([name, value]) => `${name} = ${value}`));
}

/** Under the names that OpenSER gives them. */
function* statistics({
  engine,
  relay,
  transactions: { stats },
  transport,
  contacts,
  running: { dialogs },
}: Desk): Generator<[string, number]> {
  const { counters } = engine;
  const { kernelDrops, sendErrors } = transport.stats();
  yield ['core:rcv_requests', counters.requests];
  yield ['core:rcv_replies', counters.responses];
  yield ['core:fwd_requests', relay.counters.relayed + relay.counters.stateless];
  yield ['core:drop_requests', counters.silenced + counters.queueOverflows + kernelDrops];
  yield ['core:drop_replies', counters.strayResponses];
  yield ['core:err_requests', counters.faultsAnswered];
  yield ['core:err_replies', counters.faultsDropped];
  yield ['core:bad_msg_hdr', counters.garbage];
  yield ['core:send_errors', sendErrors];
  yield ['tm:UAS_transactions', stats.taken];
  yield ['tm:UAC_transactions', stats.created - stats.taken];
  for (const kind of [2, 3, 4, 5, 6]) yield [`tm:${kind}xx_transactions`, stats.completed[kind]!];
  yield ['tm:inuse_transactions', stats.servers];
  yield ['tm:timeouts', stats.timeouts];
  const stateless = counters.statelessReplies;
  for (const status of STATELESS.flat()) if (status !== 600) yield [`sl:${status}_replies`, stateless[status]!];
  for (const kind of [1, 2, 3, 4, 5, 6])
    yield [`sl:${kind}xx_replies`, sum(stateless.subarray(kind * 100, kind * 100 + 100))];
  yield ['sl:sent_replies', sum(stateless)];
  yield ['sl:sent_err_replies', sum(stateless.subarray(400))];
  yield ['dialog:active_dialogs', dialogs.size];
  yield ['dialog:processed_dialogs', dialogs.counters.followed];
  let users = 0;
  for (const table of contacts.values()) {
    let aors = 0;
    for (const _ of table.aors()) aors++;
    if (table.name !== 'aliases') users += aors;
    yield [`usrloc:${table.name}-users`, aors];
    yield [`usrloc:${table.name}-contacts`, table.size];
    yield [`usrloc:${table.name}-expires`, table.expired];
  }
  yield ['usrloc:registered_users', users];
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
