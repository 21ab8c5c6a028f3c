import { BACKEND_DEFAULTS, CIRCUIT_ENABLED, STATUS_REPORTING_INTERVAL_MS } from './defaults.js';
import { DURATION_PATTERN } from './leaf.js';
import { printYaml } from './yaml.js';

const { circuit, health } = BACKEND_DEFAULTS;

/** A schema as a CustomResourceDefinition holds it. */
export interface CrdSchema {
  readonly type: 'object' | 'string' | 'integer' | 'boolean';
  readonly description: string;
  readonly default?: string | number | boolean;
  readonly minimum?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, CrdSchema>>;
  readonly 'x-kubernetes-validations'?: readonly { readonly message: string; readonly rule: string }[];
}

/**
 * `failureHandling` as a fragment of the `VirtualMCPServer` CRD: the reference's properties with its minimums,
 * patterns, defaults and rule, and our extensions, which have no default so that an object without them stays
 * as it is.
 */
function failureHandlingCrdSchema(): CrdSchema {
  return {
    type: 'object',
    description: 'How failing backends are noticed, left alone and taken back.',
    properties: {
      healthCheckInterval: time('Time between two health checks of one backend.', health.checkIntervalMs),
      healthCheckTimeout: time(
        'Longest time for one health check; less than healthCheckInterval.',
        health.checkTimeoutMs,
      ),
      unhealthyThreshold: {
        type: 'integer',
        description: 'Consecutive failures after which a backend is unhealthy.',
        default: health.unhealthyThreshold,
      },
      statusReportingInterval: time('Time between two status reports.', STATUS_REPORTING_INTERVAL_MS),
      partialFailureMode: {
        type: 'string',
        description: 'What lists answer while a backend is unavailable: an error, or what is there.',
        // The reference's documented default. Left out of a file it means best_effort, to it and to us.
        default: 'fail',
        enum: ['fail', 'best_effort'],
      },
      degradedThreshold: time('Extension. A successful check slower than this makes a backend degraded.'),
      circuitBreaker: circuitBreaker(),
    },
  };
}

/** The same as YAML, ready to be pasted under `operational.properties`. */
export function failureHandlingCrd(): string {
  return printYaml({ failureHandling: failureHandlingCrdSchema() });
}

function circuitBreaker(): CrdSchema {
  return {
    type: 'object',
    description: 'When calls to a failing backend stop, and when they are tried again.',
    properties: {
      enabled: {
        type: 'boolean',
        description: 'Whether there is a circuit breaker at all.',
        default: CIRCUIT_ENABLED,
      },
      failureThreshold: {
        ...count('Consecutive failures that open the circuit.'),
        default: circuit.failureThreshold,
      },
      timeout: {
        ...time('How long the circuit stays open before the backend is tried again.', circuit.openMs),
        'x-kubernetes-validations': [
          { message: 'timeout must be >= 1s', rule: "self == '' || duration(self) >= duration('1s')" },
        ],
      },
      successThreshold: count('Extension. Successful probes that close the circuit again.'),
      maxProbes: count('Extension. Attempts that may be out at once while the circuit is half-open.'),
      probeLimit: time('Extension. How long one probe may take before it counts as failed.'),
    },
  };
}

function time(description: string, ms?: number): CrdSchema {
  const schema: CrdSchema = { type: 'string', description, pattern: DURATION_PATTERN };
  return ms === undefined ? schema : { ...schema, default: `${ms / 1000}s` };
}

function count(description: string): CrdSchema {
  return { type: 'integer', description, minimum: 1 };
}
