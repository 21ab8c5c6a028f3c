import { AsyncLocalStorage } from 'node:async_hooks';
import {
  context,
  createNoopMeter,
  metrics,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type {
  Attributes,
  BatchObservableCallback,
  Context,
  ContextManager,
  Observable,
  Span,
  SpanContext,
  SpanOptions,
  SpanStatus,
  TextMapPropagator,
} from '@opentelemetry/api';
import { onTestFinished } from 'vitest';

export interface RecordedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  status: SpanStatus | undefined;
  ended: number;
}

/** As much of an OpenTelemetry SDK as shows what one is told. It is there until the test ends. */
export class TelemetrySdk {
  readonly spans: RecordedSpan[] = [];
  /** Sums of counters and counts of histograms, by name and labels. */
  readonly sums = new Map<string, number>();
  readonly callbacks = new Set<BatchObservableCallback>();
  readonly #names = new Map<unknown, string>();

  constructor() {
    const getTracer = () => ({
      startSpan: (name: string, options?: SpanOptions, parent?: Context) =>
        this.#begin(name, options, parent),
      startActiveSpan: () => {
        throw new Error('not used');
      },
    });
    trace.setGlobalTracerProvider({ getTracer });
    context.setGlobalContextManager(new Contexts());
    propagation.setGlobalPropagator(W3C);
    metrics.setGlobalMeterProvider({ getMeter: () => this.#meter() });
    onTestFinished(() => {
      for (const api of [trace, context, propagation, metrics]) api.disable();
    });
  }

  /** What observable instruments say now, by name and labels. */
  async collect(): Promise<ReadonlyMap<string, number>> {
    const seen = new Map<string, number>();
    const observe = (instrument: Observable, value: number, labels: Attributes = {}) =>
      seen.set(keyOf(this.#names.get(instrument), labels), value);
    for (const callback of this.callbacks) await callback({ observe });
    return seen;
  }

  #begin(
    name: string,
    { kind = SpanKind.INTERNAL, attributes = {} }: SpanOptions = {},
    parent = context.active(),
  ): Span {
    const above = trace.getSpanContext(parent);
    const spanId = String(this.spans.length + 1).padStart(16, '0');
    const traceId = above?.traceId ?? spanId.padStart(32, '0');
    const recorded: RecordedSpan = {
      name,
      kind,
      attributes: { ...attributes },
      context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED },
      parent: above,
      status: undefined,
      ended: 0,
    };
    this.spans.push(recorded);
    const span: Partial<Span> = {
      isRecording: () => true,
      spanContext: () => recorded.context,
      setAttribute: (key, value) => {
        Object.assign(recorded.attributes, { [key]: value });
        return span as Span;
      },
      setStatus: (status) => {
        recorded.status = status;
        return span as Span;
      },
      end: () => void (recorded.ended += 1),
    };
    return span as Span;
  }

  #meter() {
    const add = (name: string, value: number, labels: Attributes = {}) => {
      const key = keyOf(name, labels);
      this.sums.set(key, (this.sums.get(key) ?? 0) + value);
    };
    const observable = (name: string) => {
      const instrument = { addCallback: () => undefined, removeCallback: () => undefined };
      this.#names.set(instrument, name);
      return instrument;
    };
    return Object.assign(createNoopMeter(), {
      createCounter: (name: string) => ({
        add: (value: number, labels?: Attributes) => add(name, value, labels),
      }),
      createHistogram: (name: string) => ({
        record: (_: number, labels?: Attributes) => add(name, 1, labels),
      }),
      createObservableGauge: observable,
      createObservableCounter: observable,
      addBatchObservableCallback: (callback: BatchObservableCallback) => void this.callbacks.add(callback),
      removeBatchObservableCallback: (callback: BatchObservableCallback) =>
        void this.callbacks.delete(callback),
    });
  }
}

export function keyOf(name: unknown, labels: Readonly<Record<string, unknown>>): string {
  return JSON.stringify([name, Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))]);
}

class Contexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active = (): Context => this.#storage.getStore() ?? ROOT_CONTEXT;
  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    within: Context,
    run: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(within, () => run.call(self, ...args));
  }
  bind<T>(_: Context, target: T): T {
    return target;
  }
  enable(): this {
    return this;
  }
  disable(): this {
    this.#storage.disable();
    return this;
  }
}

const W3C: TextMapPropagator = {
  fields: () => ['traceparent'],
  inject: () => undefined,
  extract: (within, carrier, getter) => {
    const said = getter.get(carrier, 'traceparent');
    const [, traceId, spanId] = /^00-(\w{32})-(\w{16})-01$/.exec(String(said)) ?? [];
    if (traceId === undefined || spanId === undefined) return within;
    return trace.setSpanContext(within, { traceId, spanId, traceFlags: TraceFlags.SAMPLED });
  },
};
