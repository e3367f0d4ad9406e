/** What the RADIUS door counts, under the names that Prometheus reads. */
import type { Metrics, Sample } from '../../platform/metrics.ts';
import type { Receiver } from './server/receiver.ts';
import type { RadiusSessions } from './sessions/sessions.ts';

export function offerMetrics(metrics: Metrics, receiver: Receiver, sessions: RadiusSessions): void {
  const { counters, duplicates } = receiver;
  metrics.counter(
    'gatehouse_radius_requests_total',
    'Requests taken in; duplicate: sent again, and not done again.',
    () =>
      labelled('kind', {
        request: counters.requests,
        duplicate: counters.duplicates,
        status: counters.status,
      }),
    ['kind'],
  );
  metrics.counter(
    'gatehouse_radius_answers_total',
    'What was said to requests; silent: nothing, since the user was over a limit or could not be looked up, or nothing could be written.',
    () =>
      labelled('answer', {
        accept: counters.accepts,
        reject: counters.rejects,
        challenge: counters.challenges,
        accounted: counters.accounted,
        ack: counters.acks,
        nak: counters.naks,
        silent: counters.silent,
      }),
    ['answer'],
  );
  metrics.counter(
    'gatehouse_radius_dropped_total',
    'Packets that were dropped, by reason.',
    () => labelled('reason', counters.dropped),
    ['reason'],
  );
  metrics.counter('gatehouse_radius_send_errors_total', 'Answers not sent.', () => counters.sendErrors, []);
  metrics.gauge('gatehouse_radius_waiting', 'Requests that wait for the gate.', () => receiver.waiting, []);
  metrics.gauge('gatehouse_radius_sessions', 'Who is in behind network equipment.', () => sessions.size, []);
  metrics.gauge('gatehouse_radius_exchanges', 'Requests and answers kept for duplicates.', () => duplicates.size, []);
}

function labelled(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}
