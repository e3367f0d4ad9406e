/**
 * An authenticated call (16 messages at the proxy): CPU microseconds per call, the database included, beside Kamailio under the
 * same load; in memory beside the expert's configuration, then on MariaDB beside the quick-start listing. That at half the rate:
 * at 500 calls per second the listing loses flows on two busy CPUs.
 */
import { calls, compareSip } from './sip.ts';

export async function run(): Promise<void> {
  await compareSip({ name: 'sip-call-memory', durable: false, rate: 500, flows: 3000, load: calls });
  await compareSip({ name: 'sip-call', durable: true, rate: 250, flows: 1500, load: calls });
}
