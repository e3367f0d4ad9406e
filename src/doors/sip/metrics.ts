/** What the SIP door counts, under the names that Prometheus reads. */
import type { Metrics, Sample } from '../../platform/metrics.ts';
import type { TimerWheel } from '../../platform/timer-wheel.ts';
import type { Calls } from './dialogs/calls.ts';
import type { Engine } from './engine.ts';
import type { DigestCounters } from './modules/auth/counters.ts';
import type { ProxyRelay } from './modules/tm/relay.ts';
import type { LocationTableView } from './services.ts';
import type { Transactions } from './transaction/types.ts';
import type { Transport } from './transport/types.ts';

export interface CountingParts {
  readonly engine: Engine;
  readonly relay: ProxyRelay;
  readonly transactions: Transactions;
  readonly transport: Transport;
  readonly contacts: ReadonlyMap<string, LocationTableView>;
  readonly running: Calls;
  readonly wheel: TimerWheel;
  readonly udp: 'native' | 'dgram';
  readonly digests: DigestCounters;
}

export function offerMetrics(
  metrics: Metrics,
  { engine, relay, transactions, transport, contacts, running, wheel, udp, digests }: CountingParts,
): void {
  const { counters, overload } = engine;
  const kinds = (name: string, help: string, read: () => Record<string, number>) =>
    metrics.counter(name, help, () => labelled('kind', read()), ['kind']);

  kinds('gatehouse_sip_messages_received_total', 'Messages taken in.', () => ({
    request: counters.requests,
    response: counters.responses,
  }));
  metrics.counter(
    'gatehouse_sip_replies_total',
    'Final replies of our own.',
    () => labelled('class', Object.fromEntries([2, 3, 4, 5, 6].map((n) => [`${n}xx`, counters.replies[n]!]))),
    ['class'],
  );
  kinds('gatehouse_sip_dropped_total', 'Messages dropped without an answer.', () => ({
    garbage: counters.garbage,
    fault: counters.faultsDropped,
    over_limit: counters.silenced,
    queue_full: counters.queueOverflows,
    stray_response: counters.strayResponses,
    kernel: transport.stats().kernelDrops,
  }));
  kinds('gatehouse_sip_refused_total', 'Messages answered with a fault, and second final replies held back.', () => ({
    fault: counters.faultsAnswered,
    second_reply: counters.repliesRefused,
    loop: relay.counters.loops,
  }));
  kinds('gatehouse_sip_requests_total', 'What became of requests besides running through the script.', () => ({
    absorbed: counters.absorbed,
    answered_again: counters.answeredAgain,
    waited: counters.suspensions,
    waited_too_long: counters.abandoned,
    queued: counters.queued,
    deferred: overload.counters.deferred,
    relayed: relay.counters.relayed,
    relayed_stateless: relay.counters.stateless,
    failed_over: relay.counters.failovers,
  }));
  kinds('gatehouse_sip_retransmissions_total', 'Repeated messages.', () => ({
    received: transactions.stats.retransmissionsIn,
    sent: transactions.stats.retransmissionsOut,
  }));
  kinds('gatehouse_sip_digests_total', 'Digests that are odd: other_uri is taken, other_algorithm is not.', () => ({
    other_uri: digests.otherUri,
    other_algorithm: digests.otherAlgorithm,
  }));
  metrics.counter(
    'gatehouse_sip_timeouts_total',
    'Transactions that nobody answered.',
    () => transactions.stats.timeouts,
    [],
  );
  metrics.counter('gatehouse_sip_sent_total', 'Messages sent.', () => transport.stats().sent, []);
  metrics.counter(
    'gatehouse_sip_send_errors_total',
    'Messages that could not be sent.',
    () => transport.stats().sendErrors,
    [],
  );
  metrics.gauge(
    'gatehouse_sip_udp_info',
    'Always 1; the label says whether UDP goes through the native module or through dgram.',
    () => [{ labels: { through: udp }, value: 1 }],
    ['through'],
  );
  kinds('gatehouse_sip_shed_total', 'New requests turned away because more came than could be done.', () => ({
    answered: overload.counters.answered,
    dropped: overload.counters.dropped,
  }));
  metrics.gauge(
    'gatehouse_sip_deferred',
    'New requests put off while there is no time to spare.',
    () => overload.deferred,
    [],
  );
  metrics.gauge('gatehouse_sip_waiting', 'Requests whose script waits.', () => engine.waiting, []);
  metrics.gauge(
    'gatehouse_sip_waiting_bytes',
    'Bytes of the requests whose script waits, and of those behind them.',
    () => overload.characters,
    [],
  );
  metrics.gauge('gatehouse_sip_connections', 'Open TCP connections.', () => transport.stats().connections, []);
  metrics.gauge(
    'gatehouse_sip_transactions',
    'Transactions under way.',
    () => labelled('side', { server: transactions.stats.servers, client: transactions.stats.clients }),
    ['side'],
  );
  metrics.gauge('gatehouse_sip_calls', 'Calls under way.', () => running.dialogs.size, []);
  kinds(
    'gatehouse_sip_calls_total',
    'Calls that were answered; ended: by us; unfollowed: more than the limit.',
    () => ({
      followed: running.dialogs.counters.followed,
      unfollowed: running.dialogs.counters.unfollowed,
      ended: running.hungUp,
    }),
  );
  metrics.gauge('gatehouse_sip_timers', 'Timers of the door that run.', () => wheel.size, []);
  metrics.gauge(
    'gatehouse_sip_contacts',
    'Registered contacts.',
    () => [...contacts.values()].map((table) => ({ labels: { table: table.name }, value: table.size })),
    ['table'],
  );
}

function labelled(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}
