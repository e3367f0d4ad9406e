/** The statements of a batch, for PREPARE: each parameter is the array of one column's values. */
import type { LocationPlan, PlanColumn } from '../ser/location-plan.ts';
import { quoteName } from './literal.ts';

/** Arrays of what a column of the kind takes by assignment, whatever its own type. */
const TYPES: Readonly<Record<PlanColumn['kind'], string>> = {
  text: 'text[]',
  ruid: 'text[]',
  number: 'float8[]',
  bits: 'int8[]',
  expires: 'timestamp[]',
  modified: 'timestamp[]',
};

export const HISTORY_SQL = `INSERT INTO gh_history (session, door, login, client, reason, started, ended, sent, received)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int8[], $7::int8[],
    $8::int8[], $9::int8[])
  ON CONFLICT (session, started) DO UPDATE SET ended = excluded.ended, reason = excluded.reason,
    sent = excluded.sent, received = excluded.received`;

export function putSql(plan: LocationPlan): string {
  const table = quoteName(plan.table);
  const names = plan.columns.map(({ name }) => quoteName(name)).join(', ');
  const sets = plan.columns.map(({ name }) => `${quoteName(name)} = v.${quoteName(name)}`).join(', ');
  return `WITH v AS (SELECT * FROM ${rowsOf(plan.columns)} WITH ORDINALITY AS v (${names}, gh_row)),
    there AS (UPDATE ${table} AS t SET ${sets} FROM v WHERE ${same(keyOf(plan))} RETURNING v.gh_row)
    INSERT INTO ${table} (${names}) SELECT ${names} FROM v WHERE gh_row NOT IN (SELECT gh_row FROM there)${conflict(plan)}`;
}

/** Only another server's insert at the same moment comes to it. */
function conflict(plan: LocationPlan): string {
  if (plan.replace === 'replace') return '';
  const key = keyOf(plan).map(({ name }) => quoteName(name));
  const sets = plan.columns.map(({ name }) => `${quoteName(name)} = excluded.${quoteName(name)}`);
  return ` ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${sets.join(', ')}`;
}

export function deleteSql(plan: LocationPlan): string {
  const names = plan.key.map(({ name }) => quoteName(name)).join(', ');
  return `DELETE FROM ${quoteName(plan.table)} AS t USING ${rowsOf(plan.key)} AS v (${names}) WHERE ${same(plan.key)}`;
}

function keyOf(plan: LocationPlan): readonly PlanColumn[] {
  return plan.replace === 'ruid' ? plan.columns.filter(({ kind }) => kind === 'ruid') : plan.key;
}

function same(columns: readonly PlanColumn[]): string {
  const tests = columns.map(({ name, nullable }) => {
    const [there, given] = [`t.${quoteName(name)}`, `v.${quoteName(name)}`];
    return nullable ? `COALESCE(${there}, '') = COALESCE(${given}, '')` : `${there} = ${given}`;
  });
  return tests.join(' AND ');
}

function rowsOf(columns: readonly PlanColumn[]): string {
  return `unnest(${columns.map(({ kind }, i) => `$${i + 1}::${TYPES[kind]}`).join(', ')})`;
}
