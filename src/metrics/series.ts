import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Instruments } from './open-telemetry.js';

/** What the text of a registry is served as. */
export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** Upper bounds of the buckets of every duration, in seconds: from a local tool to the longest timeouts. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

type Labels = Readonly<Record<string, string>>;
export type Series = readonly [value: number, labels: Labels];

/**
 * The metrics of one gateway, and the only door to prom-client; two gateways in one process share nothing. Names are
 * given without `breakwater_`.
 */
export class MetricRegistry {
  readonly #registry = new Registry();
  readonly #instruments = new Instruments();

  /** A value as it is when asked for. */
  gauge(name: string, help: string, labelNames: readonly string[] = []): Shown {
    return this.#shown('gauge', name, help, new Gauge({ ...this.#common(name, help), labelNames }));
  }

  /** A total that is kept elsewhere. */
  total(name: string, help: string, labelNames: readonly string[] = []): Shown {
    return this.#shown('total', name, help, new Counter({ ...this.#common(name, help), labelNames }));
  }

  /** What is counted here, by backend and further labels. */
  counter(name: string, help: string, labelNames: readonly string[] = []): BackendCounter {
    const names = ['backend', ...labelNames];
    const counter = new Counter({ ...this.#common(name, help), labelNames: names });
    return new BackendCounter(counter, names, this.#instruments.counter(name, help));
  }

  /** Durations of what happens at one backend. */
  durations(name: string, help: string, labelNames: readonly string[] = []): BackendDurations {
    const names = ['backend', ...labelNames];
    return new BackendDurations(this.#histogram(name, help, names), names);
  }

  /** Durations of what happens at the gateway. */
  gatewayDurations(name: string, help: string, labelNames: readonly string[]): Durations {
    return this.#histogram(name, help, labelNames);
  }

  /** Everything, in the text exposition format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /**
   * From now on OpenTelemetry gets the same.
   * @param look shows everything that is shown
   */
  begin(look: () => void): void {
    this.#instruments.begin(look);
  }

  close(): void {
    this.#instruments.close();
  }

  #shown(kind: 'gauge' | 'total', name: string, help: string, metric: Gauge | Counter): Shown {
    const shown = new Shown(metric);
    // An SDK has its own instrumentation of the process.
    if (!isShared(name)) this.#instruments.observed(kind, name, help, () => shown.series);
    return shown;
  }

  #histogram(name: string, help: string, labelNames: readonly string[]): Durations {
    const common = this.#common(name, help);
    const histogram = new Histogram({ ...common, labelNames, buckets: DURATION_BUCKETS });
    return new Durations(histogram, this.#instruments.histogram(name, help, DURATION_BUCKETS));
  }

  #common(name: string, help: string) {
    return { name: isShared(name) ? name : `breakwater_${name}`, help, registers: [this.#registry] };
  }
}

/** A metric whose series are told anew each time that somebody asks. */
export class Shown {
  series: readonly Series[] = [];

  constructor(private readonly metric: { reset(): void; inc(labels: Labels, value: number): unknown }) {}

  /** What is not among `series` is gone. */
  show(series: readonly Series[]): void {
    this.series = series;
    this.metric.reset();
    for (const [value, labels] of series) this.metric.inc(labels, value);
  }
}

/** A metric whose series go when their backend does. */
abstract class BackendSeries<Metric extends { remove(labels: Labels): void }> {
  readonly #labels = new Map<string, Map<string, Labels>>();

  constructor(
    protected readonly metric: Metric,
    private readonly labelNames: readonly string[],
  ) {}

  /** Removes every series of a backend. */
  forget(backend: string): void {
    for (const labels of this.#labels.get(backend)?.values() ?? []) this.metric.remove(labels);
    this.#labels.delete(backend);
  }

  /** The same object for the same values, so that counting allocates little. */
  protected labelsOf(backend: string, values: readonly string[]): Labels {
    const sets = this.#labels.get(backend) ?? new Map<string, Labels>();
    const key = values.join('\n');
    const known = sets.get(key);
    if (known) return known;
    const pairs = [backend, ...values].map((value, at): [string, string] => [
      this.labelNames[at] ?? '',
      value,
    ]);
    const labels = Object.fromEntries(pairs);
    this.#labels.set(backend, sets.set(key, labels));
    return labels;
  }
}

export class BackendCounter extends BackendSeries<Counter> {
  constructor(
    counter: Counter,
    labelNames: readonly string[],
    private readonly mirror: (labels: Labels) => void,
  ) {
    super(counter, labelNames);
  }

  /** One more. */
  count(backend: string, ...values: string[]): void {
    const labels = this.labelsOf(backend, values);
    this.metric.inc(labels, 1);
    this.mirror(labels);
  }

  /** Shows a series before anything has happened: of one that appears with 1, Prometheus sees no increase. */
  begin(backend: string, ...values: string[]): void {
    this.metric.inc(this.labelsOf(backend, values), 0);
  }
}

export class BackendDurations extends BackendSeries<Durations> {
  add(elapsedMs: number, backend: string, ...values: string[]): void {
    this.metric.add(elapsedMs, this.labelsOf(backend, values));
  }
}

export class Durations {
  constructor(
    private readonly metric: Histogram,
    private readonly mirror: (seconds: number, labels: Labels) => void,
  ) {}

  add(elapsedMs: number, labels: Labels): void {
    const seconds = elapsedMs / 1000;
    this.metric.observe(labels, seconds);
    this.mirror(seconds, labels);
  }

  remove(labels: Labels): void {
    this.metric.remove(labels);
  }
}

/** What every exporter calls by the same name keeps it. */
function isShared(name: string): boolean {
  return /^(process|nodejs)_/.test(name);
}
