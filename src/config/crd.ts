import { BACKEND_DEFAULTS, CIRCUIT_ENABLED, STATUS_REPORTING_INTERVAL_MS } from './defaults.js';
import { FAILURE_THRESHOLD, MAX_RATES, MAX_WINDOW_CALLS } from './engine-config.js';
import { DURATION_PATTERN } from './leaf.js';
import { MAX_RETRIES, RATE_KINDS } from './policy-shape.js';
import { printYaml } from './yaml.js';

const { circuit, health } = BACKEND_DEFAULTS;

/** A schema as a CustomResourceDefinition holds it. */
export interface CrdSchema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description: string;
  readonly default?: string | number | boolean;
  readonly minimum?: number;
  /** Whether the minimum itself is too little. */
  readonly exclusiveMinimum?: boolean;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, CrdSchema>>;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: CrdSchema;
  readonly maxItems?: number;
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
      maxInFlight: count('Extension. Calls of one backend that may be out at once; the next is refused.'),
      retry: {
        type: 'object',
        description:
          'Extension. Makes a call that failed again, of a tool that says it is read-only or idempotent.',
        properties: {
          maxRetries: {
            type: 'integer',
            description: 'How often one call may be made again.',
            minimum: 0,
            maximum: MAX_RETRIES,
          },
          budget: { type: 'number', description: 'Share of all calls of a backend that may be made again.' },
        },
      },
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
        default: FAILURE_THRESHOLD,
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
      ...circuitPolicies(),
    },
  };
}

function circuitPolicies(): Record<string, CrdSchema> {
  return {
    rates: {
      type: 'array',
      // The default of failureThreshold is the reference's, and its API server fills it in.
      description: 'Extension. Rates that open the circuit, each by itself and beside failureThreshold.',
      maxItems: MAX_RATES,
      items: rate(),
    },
    slowCallThreshold: time('Extension. A call that takes so long is slow; for rates of slowCalls.'),
    backoff: {
      type: 'object',
      description: 'Extension. Leaves a circuit that opens again and again open for longer.',
      properties: {
        multiplier: {
          type: 'number',
          description: 'Each opening in a row is longer by this factor.',
          minimum: 1,
        },
        maxTimeout: time('The longest.'),
        jitter: {
          type: 'number',
          description: 'Share of a lengthened timeout that is left to chance.',
          minimum: 0,
          maximum: 1,
        },
        decayInterval: time('One opening is forgotten for each so long that calls succeed.'),
      },
    },
    observeOnly: {
      type: 'boolean',
      description: 'Extension. The circuit does everything but refuse.',
    },
  };
}

function rate(): CrdSchema {
  return {
    type: 'object',
    description: 'A share of calls at which the circuit opens.',
    required: ['of', 'threshold', 'window'],
    properties: {
      of: {
        type: 'string',
        description: 'What is counted: calls and health checks that failed, or calls that were slow.',
        enum: RATE_KINDS,
      },
      threshold: {
        type: 'number',
        description: 'Share that opens the circuit: 0.5 is half.',
        minimum: 0,
        exclusiveMinimum: true,
        maximum: 1,
      },
      window: {
        type: 'object',
        description: 'What it is a share of: exactly one of these.',
        minProperties: 1,
        maxProperties: 1,
        properties: {
          calls: { ...count('The last so many.'), maximum: MAX_WINDOW_CALLS },
          time: time('Those of the last so long; at least 1s.'),
        },
      },
      minimumCalls: count('With fewer in the window nothing is judged; at most window.calls.'),
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
