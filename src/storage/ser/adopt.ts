/**
 * Rows that Kamailio wrote carry a `ruid` of its own, and an upsert by ours would double them. Before the preload each
 * gets the ruid that we would give it, and so do ours when `byCallId` has changed; a second row of the same binding keeps its own
 * and goes with its expiry.
 */
import type { Database } from '../database.ts';
import { type LocationPlan, ruidPrefix } from './location-plan.ts';

const KEY = ['username', 'domain', 'contact', 'callId'] as const;

export async function adoptRows(db: Database, plan: LocationPlan): Promise<void> {
  const byCallId = plan.key.some(({ field }) => field === 'callId');
  const prefix = ruidPrefix(byCallId);
  const parts = KEY.slice(0, byCallId ? 4 : 3).map((field) => {
    const column = plan.key.find((one) => one.field === field);
    return column ? `COALESCE(${db.quoteName(column.name)}, '')` : "''";
  });
  const table = db.quoteName(plan.table);
  const ruid = db.quoteName('ruid');
  const foreign = `${ruid} NOT LIKE '${prefix}%'`;
  if (db.dialect === 'mysql') {
    const bytes = parts.map((part) => `CONVERT(${part} USING latin1)`).join(', ');
    await db.run(
      `UPDATE IGNORE ${table} SET ${ruid} = CONCAT('${prefix}', MD5(CONCAT_WS('|', ${bytes}))) WHERE ${foreign}`,
      [],
    );
  }
  if (db.dialect === 'postgres') {
    const ours = `'${prefix}' || md5(concat_ws('|', ${parts.join(', ')}))`;
    await db.run(
      `WITH named AS (SELECT ctid AS place, ${ours} AS ours FROM ${table} WHERE ${foreign}),
        first AS (SELECT min(place) AS place, ours FROM named GROUP BY ours)
      UPDATE ${table} AS t SET ${ruid} = ours FROM first
        WHERE t.ctid = place AND NOT EXISTS (SELECT FROM ${table} AS o WHERE o.${ruid} = ours)`,
      [],
    );
  }
}
