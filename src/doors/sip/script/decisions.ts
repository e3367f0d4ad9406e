/** What `check` tells about a script: each setting, and what Gatehouse makes of it. Values are fit to be shown. */
export interface Decision {
  readonly what: string;
  readonly value: string;
  /** A sentence without a full stop. */
  readonly effect: string;
  /** undefined: nothing in the file says it, it is the preset. */
  readonly line: number | undefined;
}
