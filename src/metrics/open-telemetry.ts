import {
  context,
  isSpanContextValid,
  metrics,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Attributes, BatchObservableCallback, Observable } from '@opentelemetry/api';

const SCOPE = 'breakwater';

type Series = readonly [value: number, labels: Attributes];

/**
 * The only door to OpenTelemetry: its API alone, so that whatever SDK the process has loaded before picks up what is told
 * here. Without one nothing is kept, and telling costs next to nothing.
 *
 * The names are such that an exporter to Prometheus makes of them what `/metrics` has.
 */
export class Instruments {
  readonly #meter = metrics.getMeter(SCOPE);
  readonly #observed: { readonly instrument: Observable; readonly read: () => Iterable<Series> }[] = [];
  #callback: BatchObservableCallback | undefined;

  counter(name: string, description: string): (labels: Attributes) => void {
    const counter = this.#meter.createCounter(nameOf(name), { description });
    return (labels) => {
      counter.add(1, labels);
    };
  }

  histogram(
    name: string,
    description: string,
    bounds: number[],
  ): (seconds: number, labels: Attributes) => void {
    const advice = { explicitBucketBoundaries: bounds };
    const histogram = this.#meter.createHistogram(nameOf(name), { description, unit: 's', advice });
    return (seconds, labels) => {
      histogram.record(seconds, labels);
    };
  }

  /** A value that is read when the SDK asks. */
  observed(kind: 'gauge' | 'total', name: string, description: string, read: () => Iterable<Series>): void {
    const instrument =
      kind === 'gauge'
        ? this.#meter.createObservableGauge(nameOf(name), { description })
        : this.#meter.createObservableCounter(nameOf(name), { description });
    this.#observed.push({ instrument, read });
  }

  /** @param look called before everything is read */
  begin(look: () => void): void {
    this.#callback = (result) => {
      look();
      for (const { instrument, read } of this.#observed) {
        for (const [value, labels] of read()) result.observe(instrument, value, labels);
      }
    };
    this.#meter.addBatchObservableCallback(this.#callback, this.#instruments);
  }

  close(): void {
    if (this.#callback) this.#meter.removeBatchObservableCallback(this.#callback, this.#instruments);
  }

  get #instruments(): Observable[] {
    return this.#observed.map(({ instrument }) => instrument);
  }
}

/** One thing that takes time. */
export interface Spanned {
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly attributes: Readonly<Record<string, string>>;
  /** Where the caller may have left the context of its own span. */
  readonly carrier?: unknown;
}

/** How it ended: with a value, or an error that was thrown. */
export type Ended<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Runs something within a span, so that the spans of what it does are inside.
 * @param errorType a low-cardinality word for what went wrong; undefined where nothing did
 * @throws what `run` throws
 */
export function withinSpan<T>(
  { name, kind, attributes, carrier }: Spanned,
  run: () => Promise<T>,
  errorType: (ended: Ended<T>) => string | undefined,
): Promise<T> {
  const active = context.active();
  const parent = carrier === undefined ? active : propagation.extract(active, carrier);
  const options = { kind: kind === 'server' ? SpanKind.SERVER : SpanKind.CLIENT, attributes };
  const span = trace.getTracer(SCOPE).startSpan(name, options, parent);
  // Without an SDK there is nobody to tell: the rest would cost more than all else that is counted.
  if (!span.isRecording() && !isSpanContextValid(span.spanContext())) return run();
  const end = (ended: Ended<T>): void => {
    const type = errorType(ended);
    if (type !== undefined) span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };
  return context.with(trace.setSpan(parent, span), run).then(
    (value) => {
      end({ value });
      return value;
    },
    (error: unknown) => {
      end({ error });
      throw error;
    },
  );
}

/** Every exporter to Prometheus adds `_total` to counters; some add the unit, and none where it is there. */
function nameOf(name: string): string {
  return `${SCOPE}.${name.replace(/_total$/, '')}`;
}
