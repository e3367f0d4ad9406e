/** What a bench prints: one line of JSON for each comparison, the main one last. */
export interface Comparison {
  readonly name: string;
  readonly gatehouse: number;
  readonly peer: number;
  readonly unit: string;
  /** Our cost over the peer's; for rates the peer's rate over ours. Below 1 is ahead. */
  readonly ratio: number;
}

/** `more`: facts that help to read the numbers, e.g. rates. */
export function printComparison(
  result: Omit<Comparison, 'ratio'>,
  kind: 'cost' | 'rate',
  more: Readonly<Record<string, unknown>> = {},
): void {
  const ratio = kind === 'cost' ? result.gatehouse / result.peer : result.peer / result.gatehouse;
  const round = (value: number) => Number(value.toPrecision(4));
  const line = {
    ...result,
    gatehouse: round(result.gatehouse),
    peer: round(result.peer),
    ratio: round(ratio),
    ...more,
  };
  console.log(JSON.stringify(line));
}

/** Progress goes to standard error, so that standard output stays JSON. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
