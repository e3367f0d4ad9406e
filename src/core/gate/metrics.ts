/** What the gate counts, under the names that Prometheus reads: over all doors together. */
import type { Metrics } from '../../platform/metrics.ts';
import type { NonceCounts } from '../proofs/nonce-counts.ts';
import type { GateStats } from './stats.ts';

export function offerGateMetrics(metrics: Metrics, stats: GateStats, nonceCounts: NonceCounts): void {
  metrics.counter(
    'gatehouse_gate_proven_total',
    'Proofs that were right; stale: with a nonce that had expired.',
    () => [
      { labels: { kind: 'fresh' }, value: stats.proven },
      { labels: { kind: 'stale' }, value: stats.expired },
    ],
    ['kind'],
  );
  metrics.counter('gatehouse_gate_challenged_total', 'Challenges given out.', () => stats.challenged, []);
  metrics.counter(
    'gatehouse_gate_refused_total',
    'Knocks refused, by reason.',
    () => Object.entries(stats.refused).map(([reason, value]) => ({ labels: { reason }, value })),
    ['reason'],
  );
  metrics.counter(
    'gatehouse_gate_silent_total',
    'Knocks over the limit that nothing was said about.',
    () => stats.silent,
    [],
  );
  metrics.gauge('gatehouse_gate_nonce_windows', 'Nonces whose used counts are kept.', () => nonceCounts.size, []);
  metrics.counter(
    'gatehouse_gate_nonce_windows_lost_total',
    'Nonces whose counts had to be forgotten before they expired.',
    () => nonceCounts.forgottenEarly,
    [],
  );
}
