import type { MetricRegistry, Shown } from './series.js';

/**
 * The process, under the names that every exporter uses. Read when asked for: the default metrics of prom-client start a
 * monitor of the event loop and an observer of the garbage collector that nothing ends.
 */
export class ProcessGauges {
  readonly #values: readonly (readonly [Shown, () => number])[];

  constructor(registry: MetricRegistry) {
    const startedAt = Date.now() / 1000 - process.uptime();
    const cpuSeconds = (): number => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    };
    this.#values = [
      [registry.total('process_cpu_seconds_total', 'User and system time of the process.'), cpuSeconds],
      [
        registry.gauge('process_resident_memory_bytes', 'Resident memory of the process.'),
        () => process.memoryUsage.rss(),
      ],
      [
        registry.gauge('process_start_time_seconds', 'When the process started, since the Unix epoch.'),
        () => startedAt,
      ],
      [
        registry.gauge('nodejs_heap_size_used_bytes', 'What the heap of JavaScript holds.'),
        () => process.memoryUsage().heapUsed,
      ],
      [
        registry.total('nodejs_eventloop_active_seconds_total', 'Time in which the event loop was busy.'),
        () => performance.eventLoopUtilization().active / 1000,
      ],
    ];
  }

  show(): void {
    for (const [shown, value] of this.#values) shown.show([[value(), {}]]);
  }
}
