/** acc: accounts of what becomes of requests, in the log and in tables. */
import type { FunctionSpec, SipModule } from '../../script/types.ts';
import { sqlName } from '../value-checks.ts';
import { Accountant } from './accountant.ts';
import { bindExtra, bindLegs } from './extra.ts';
import { lineWriter } from './log-lines.ts';
import { ACC_PARAMETERS } from './parameters.ts';
import type { Outcome } from './record.ts';
import { AccTables } from './tables.ts';

const ROUTES = ['request', 'failure'] as const;
const NO_CLIENT =
  'there is no client for it; write acc_db_request or set db_flag, and let the accounting server read the table';
const ELSEWHERE = [
  ...['acc_rad_request', 'radius_config', 'radius_flag', 'radius_missed_flag', 'radius_extra', 'service_type'],
  ...['acc_diam_request', 'diameter_flag', 'diameter_missed_flag', 'diameter_extra'],
  ...['diameter_client_host', 'diameter_client_port'],
];
const COMMENT = 'the first three digits of the comment are the code, the rest the reason';

const functions: readonly FunctionSpec[] = [
  {
    name: 'acc_log_request',
    arity: [1],
    routes: ROUTES,
    describe: `Writes the request into the log; ${COMMENT}.`,
    takesVariables: [0],
  },
  {
    name: 'acc_db_request',
    arity: [2],
    routes: ROUTES,
    describe: `Writes the request into the table; ${COMMENT}.`,
    takesVariables: [0],
    checkArgument: (index, text) => (index === 1 ? sqlName(text) : undefined),
  },
];

export const acc: SipModule = {
  name: 'acc',
  describe:
    'Keeps accounts of requests with a transaction that the script has flagged, by their final answer, and of calls that nobody took. ' +
    'Answers do not wait for it: a row is written with the next batch, and once written it is durable. While the database is away rows ' +
    'are kept in memory and written later, perhaps one twice; the log gets those for which there is no room, or which are refused.',
  needs: ['tm'],
  parameters: ACC_PARAMETERS,
  functions,
  absent: Object.fromEntries(ELSEWHERE.map((name) => [name, NO_CLIENT])),
  build(parameters, services, uses) {
    const legs = bindLegs(parameters.multi_leg_info, uses);
    const { log, clock } = services;
    const tables = new AccTables(parameters, services, bindExtra(parameters.db_extra, uses), legs);
    if (parameters.db_flag !== null) tables.use(String(parameters.db_table_acc));
    if (parameters.db_missed_flag !== null) tables.use(String(parameters.db_table_missed_calls));
    for (const [, table] of uses.argumentsOf('acc_db_request')) tables.use(table!);
    const writeLine = lineWriter({
      log,
      level: Number(parameters.log_level),
      format: parameters.log_fmt === null ? undefined : String(parameters.log_fmt),
      extra: bindExtra(parameters.log_extra, uses),
      legs,
    });
    const writeRow: AccTables['write'] = (table, record) => tables.write(table, record);
    const ack = parameters.report_ack ?? (uses.dialect === 'ser' ? 1 : 0);
    const accountant = new Accountant(parameters, ack === 1, { clock, log, writeLine, writeRow });
    return {
      functions: {},
      texts: {
        acc_log_request: (comment) => (run) => {
          writeLine('request accounted', accountant.record(run, outcomeOf(comment!.read(run))));
          return 1;
        },
        acc_db_request: (comment, table) => (run) => {
          writeRow(table!.constant!, accountant.record(run, outcomeOf(comment!.read(run))));
          return 1;
        },
      },
      accounts: accountant.flags === 0 ? undefined : accountant,
      start: () => tables.open(),
    };
  },
};

function outcomeOf(comment: string): Outcome {
  const code = /^\d{3}(?!\d)/.exec(comment)?.[0] ?? '';
  return { code, reason: comment.slice(code.length).trim() };
}
