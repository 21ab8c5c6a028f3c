import type { Aggregation, Timeouts, ToolAnnotations, VmcpConfig } from './config.js';
import { PARTIAL_FAILURE_MODE, STATUS_REPORTING_INTERVAL_MS, TIMEOUT_MS } from './defaults.js';
import { durationMs, type Duration } from './duration.js';
import type { ConfigFile } from './file-shape.js';

/** What the reference puts before names that conflict when no format is given. */
const DEFAULT_PREFIX = '{workload}_';

/** How long calls may take. */
export function timeoutsOf({ operational }: ConfigFile): Timeouts {
  const { default: fallback = 0n, perWorkload = {} } = operational?.timeouts ?? {};
  const entries = Object.entries(perWorkload).map(
    ([name, timeout = 0n]) => [name, durationMs(timeout)] as const,
  );
  return { defaultMs: orDefault(fallback, TIMEOUT_MS), perWorkload: bare(entries) };
}

/** Zero and below are not set, as in the reference. */
function orDefault(duration: Duration, fallbackMs: number): number {
  return duration > 0n ? durationMs(duration) : fallbackMs;
}

/** Everything of the result that needs no more than the file itself. The rules have seen that it is there. */
export function settled(
  file: ConfigFile,
): Omit<
  VmcpConfig,
  | 'file'
  | 'format'
  | 'timeouts'
  | 'backends'
  | 'incomingAuth'
  | 'effective'
  | 'limits'
  | 'effectiveLimits'
  | 'notices'
> {
  const { operational, outgoingAuth, server } = file;
  const { partialFailureMode, statusReportingInterval = 0n } = operational?.failureHandling ?? {};
  const labels = Object.entries(file.metadata ?? {}).map(([key, value = '']) => [key, value] as const);
  return {
    name: file.name ?? '',
    groupRef: file.groupRef ?? '',
    metadata: bare(labels),
    aggregation: aggregationOf(file),
    partialFailureMode: partialFailureMode === 'fail' ? 'fail' : PARTIAL_FAILURE_MODE,
    statusReportingIntervalMs: orDefault(statusReportingInterval, STATUS_REPORTING_INTERVAL_MS),
    outgoingAuth: {
      source: outgoingAuth?.source === 'discovered' ? 'discovered' : 'inline',
      defaultType: outgoingAuth?.default?.type,
      backends: Object.keys(outgoingAuth?.backends ?? {}),
    },
    compositeToolCount: file.compositeTools?.length ?? 0,
    logLevel: operational?.logLevel === 'debug' ? 'debug' : 'info',
    servesMetrics: file.telemetry?.enablePrometheusMetricsPath !== false,
    server: { allowedHosts: server?.allowedHosts ?? [], allowedOrigins: server?.allowedOrigins ?? [] },
  };
}

function aggregationOf({ aggregation }: ConfigFile): Aggregation {
  const { conflictResolution, conflictResolutionConfig, tools = [] } = aggregation ?? {};
  return {
    strategy:
      conflictResolution === 'priority' || conflictResolution === 'manual' ? conflictResolution : 'prefix',
    prefixFormat: conflictResolutionConfig?.prefixFormat || DEFAULT_PREFIX,
    priorityOrder: conflictResolutionConfig?.priorityOrder ?? [],
    tools: tools.map(({ workload = '', filter = [], overrides = {}, excludeAll = false }) => ({
      workload,
      filter: filter.length === 0 ? undefined : filter,
      overrides: bare(
        Object.entries(overrides).map(([tool, override]) => {
          const { name, description, annotations } = override ?? {};
          return [tool, { name, description, annotations: annotations && given(annotations) }] as const;
        }),
      ),
      excludeAll,
    })),
    excludeAllTools: aggregation?.excludeAllTools ?? false,
    defaultToolVisibility: aggregation?.defaultToolVisibility === 'deny' ? 'deny' : 'allow',
    unavailable: aggregation?.unavailable === 'keep' ? 'keep' : 'hide',
  };
}

function given(annotations: {
  [Key in keyof ToolAnnotations]: ToolAnnotations[Key] | undefined;
}): ToolAnnotations {
  const entries = Object.entries(annotations).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}

/** A record without prototype: `constructor` is a name like any other. */
function bare<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  return Object.assign(Object.create(null) as Record<string, Value>, Object.fromEntries(entries));
}
