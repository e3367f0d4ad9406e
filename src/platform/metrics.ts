/**
 * What a running server counts, as Prometheus reads it. Doors keep plain numbers; they are read when somebody asks, so
 * that counting costs nothing more than `n++`. Names are `gatehouse_…`, in the units Prometheus wants (seconds, bytes,
 * `_total` for counters).
 */
import type { Registry } from 'prom-client';

export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** One number, or several with labels. */
export type Reading = () => number | Iterable<Sample>;

export interface Metrics {
  /** `labels`: the names that the samples may carry, `door` unless told otherwise. */
  counter(name: string, help: string, read: Reading, labels?: readonly string[]): void;
  gauge(name: string, help: string, read: Reading, labels?: readonly string[]): void;
  /** All of it in the text format, version 0.0.4. */
  text(): Promise<string>;
}

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

interface Definition {
  kind: 'counter' | 'gauge';
  name: string;
  help: string;
  read: Reading;
  labels: readonly string[];
}

const DOOR = ['door'];

export function createMetrics(about: { version: string }): Metrics {
  const definitions: Definition[] = [];
  let registry: Promise<Registry> | undefined;

  const add = (definition: Definition) => {
    if (!/^gatehouse_[a-z0-9_]+$/.test(definition.name)) throw new Error(`not a metric's name: ${definition.name}`);
    if (definitions.some((one) => one.name === definition.name))
      throw new Error(`two metrics named ${definition.name}`);
    definitions.push(definition);
    registry = undefined;
  };
  const metrics: Metrics = {
    counter: (name, help, read, labels = DOOR) => add({ kind: 'counter', name, help, read, labels }),
    gauge: (name, help, read, labels = DOOR) => add({ kind: 'gauge', name, help, read, labels }),
    text: async () => {
      registry ??= buildRegistry(definitions);
      return (await registry).metrics();
    },
  };
  addProcessMetrics(metrics, about.version);
  return metrics;
}

/** prom-client is loaded at the first question, not at the start. */
async function buildRegistry(definitions: readonly Definition[]): Promise<Registry> {
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  for (const { kind, name, help, read, labels: labelNames } of definitions) {
    const samples = () => {
      const reading = read();
      return typeof reading === 'number' ? [{ labels: {}, value: reading }] : [...reading];
    };
    const common = { name, help, labelNames: [...labelNames], registers: [registry] };
    if (kind === 'counter') {
      new Counter({
        ...common,
        collect() {
          this.reset();
          for (const { labels, value } of samples()) this.inc(labels, value);
        },
      });
    } else {
      new Gauge({
        ...common,
        collect() {
          this.reset();
          for (const { labels, value } of samples()) this.set(labels, value);
        },
      });
    }
  }
  return registry;
}

function addProcessMetrics(metrics: Metrics, version: string): void {
  const started = Date.now() / 1000 - process.uptime();
  metrics.gauge(
    'gatehouse_build_info',
    'Always 1; the version is in the label.',
    () => [{ labels: { version }, value: 1 }],
    ['version'],
  );
  metrics.gauge('gatehouse_start_time_seconds', 'When the process started, seconds since the epoch.', () => started);
  metrics.gauge('gatehouse_resident_memory_bytes', 'Memory the process holds.', () => process.memoryUsage.rss());
  metrics.counter('gatehouse_cpu_seconds_total', 'Processor time used, user and system.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
}
