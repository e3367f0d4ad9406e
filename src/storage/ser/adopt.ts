/**
 * Rows that Kamailio wrote carry a `ruid` of its own, and an upsert by ours would double them. Before the preload each
 * gets the ruid that we would give it; a second row of the same contact keeps its own and goes with its expiry.
 */
import type { Database } from '../database.ts';
import { quoteName } from '../table-shape.ts';
import { type LocationPlan, ruidSql } from './location-plan.ts';

export async function adoptRows(db: Database, plan: LocationPlan): Promise<void> {
  if (db.dialect !== 'mysql') return;
  const name = (field: string) => {
    const column = plan.key.find((one) => one.field === field);
    return column && quoteName(column.name);
  };
  const ruid = ruidSql({ username: name('username')!, domain: name('domain'), contact: name('contact')! });
  const sql = `UPDATE IGNORE ${quoteName(plan.table)} SET \`ruid\` = ${ruid} WHERE \`ruid\` NOT LIKE 'gh-%'`;
  await db.run(sql, []);
}
