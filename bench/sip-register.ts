/**
 * An authenticated registration (REGISTER, 401, REGISTER with digest, 200): CPU microseconds per flow, the database included,
 * beside Kamailio under the same load. First in memory beside the expert's configuration, then, as the main figure, durable on MariaDB
 * beside the quick-start listing, which writes back.
 */
import { compareSip, registrations } from './sip.ts';

export async function run(): Promise<void> {
  await compareSip({ name: 'sip-register-memory', durable: false, rate: 2000, flows: 12_000, load: registrations });
  await compareSip({ name: 'sip-register', durable: true, rate: 2000, flows: 12_000, load: registrations });
}
