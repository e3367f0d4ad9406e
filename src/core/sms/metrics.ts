/** What sending counts, under the names that Prometheus reads. Neither users nor numbers are labels. */
import type { Metrics } from '../../platform/metrics.ts';
import type { CodeSender } from './sender.ts';

export function offerSmsMetrics(metrics: Metrics, sender: CodeSender): void {
  const labels = ['provider', 'outcome'];
  metrics.counter(
    'gatehouse_sms_tries_total',
    'Messages that a provider was asked to send, by what became of it; delivered and failed: what gateways reported later.',
    () => sender.outcomes(),
    labels,
  );
  metrics.counter('gatehouse_sms_over_limit_total', 'Messages refused by a limit.', () => sender.limits.refused, []);
  metrics.gauge(
    'gatehouse_sms_today',
    'Messages that count against the limits of this day.',
    () => sender.limits.today,
    [],
  );
  metrics.gauge(
    'gatehouse_sms_providers_down',
    'SMS providers that could not be reached when they were last asked.',
    () => sender.providers.failed.health().length,
    [],
  );
}
