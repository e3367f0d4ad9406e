/** A table of Gatehouse's own whose rows come and go with the journal, one by one. */

export type OwnCell = string | number | null;
/** Values in the order of the table's columns. */
export type OwnValues = readonly OwnCell[];

export interface OwnTable {
  readonly name: string;
  /** The first is the primary key, a text. */
  readonly columns: readonly string[];
}

/** Reads such tables. Errors (rejections): STORAGE_UNAVAILABLE. */
export interface OwnRows {
  /** The rows with these values in these columns; without any, all. */
  read(table: OwnTable, where: Readonly<Record<string, OwnCell>>): Promise<OwnValues[]>;
}

export function putOwn(table: OwnTable, values: OwnValues) {
  return { kind: 'put-own', table, values } as const;
}

export function dropOwn(table: OwnTable, key: string) {
  return { kind: 'drop-own', table, key } as const;
}
