/**
 * One line for each call, a file for each month, as KPPP writes them: `start:account:currency:end:costs:total:received:sent`, times in seconds since the epoch.
 * Bytes are those of pppd's interface: 0 where it made none.
 *
 * `dial/log/Nov-2026.log`, readable by its owner alone; programs that evaluate KPPP's logs read it.
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CallRecord {
  readonly account: string;
  readonly currency: string;
  /** Milliseconds since the epoch. */
  readonly started: number;
  readonly ended: number;
  readonly costs: number;
  /** Bytes. */
  readonly received: number;
  readonly sent: number;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The costs of all calls of the account, this one included. */
export function logCall(dialFolder: string, record: CallRecord): number {
  const folder = join(dialFolder, 'log');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { account, currency, started, ended, costs, received, sent } = record;
  const total = costs + costsBefore(folder, account);
  const day = new Date(started);
  const fields = [
    seconds(started),
    account,
    currency,
    seconds(ended),
    exponent(costs),
    exponent(total),
    received,
    sent,
  ];
  const file = join(folder, `${MONTHS[day.getMonth()]}-${day.getFullYear()}.log`);
  appendFileSync(file, `${fields.join(':')}\n`, { mode: 0o600 });
  return total;
}

function costsBefore(folder: string, account: string): number {
  let total = 0;
  for (const name of readdirSync(folder)) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      const [, who, , , costs] = line.split(':');
      if (who === account && Number(costs) > 0) total += Number(costs);
    }
  }
  return total;
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

/** `%0.4e` of C. */
function exponent(value: number): string {
  return value.toExponential(4).replace(/e([+-])(\d)$/, 'e$10$2');
}
