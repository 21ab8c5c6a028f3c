import type { z } from 'zod';
import {
  CIRCUIT_ENABLED,
  PARTIAL_FAILURE_MODE,
  STATUS_REPORTING_INTERVAL_MS,
  TIMEOUT_MS,
} from './defaults.js';
import { BACKEND_DEFAULTS } from './defaults.js';
import { durationFromMs, formatDuration } from './duration.js';
import { FAILURE_THRESHOLD } from './engine-config.js';
import { duration, flag, integer, list, mapOf, section, text } from './leaf.js';
import { LimitsSection } from './limits.js';
import { circuitPolicies, maxInFlight, retry } from './policy-shape.js';

const { circuit, health } = BACKEND_DEFAULTS;
const short = (ms: number) => ({
  default: ms % 1000 === 0 ? `${ms / 1000}s` : formatDuration(durationFromMs(ms)),
});

const circuitBreaker = section('When calls to a failing backend stop, and when they are tried again.', {
  enabled: flag('Whether there is a circuit breaker at all.', { default: CIRCUIT_ENABLED }).optional(),
  failureThreshold: integer(
    'Consecutive failures, of calls and checks, that open it; no default beside rates.',
    {
      default: FAILURE_THRESHOLD,
      minimum: 1,
    },
  ).optional(),
  timeout: duration('How long the circuit stays open before the backend is tried again; at least 1s.', {
    ...short(circuit.openMs),
  }).optional(),
  successThreshold: integer('Extension. Successful probes that close the circuit again.', {
    default: circuit.successThreshold,
    minimum: 1,
  }).optional(),
  maxProbes: integer('Extension. Attempts that may be out at once while the circuit is half-open.', {
    default: circuit.maxProbes,
    minimum: 1,
  }).optional(),
  probeLimit: duration('Extension. How long one probe may take before it counts as failed.', {
    ...short(circuit.probeLimitMs),
  }).optional(),
  ...circuitPolicies,
});

const perBackend = {
  healthCheckInterval: duration('Time between two health checks of one backend.', {
    ...short(health.checkIntervalMs),
  }).optional(),
  healthCheckTimeout: duration('Longest time for one health check; less than healthCheckInterval.', {
    ...short(health.checkTimeoutMs),
  }).optional(),
  unhealthyThreshold: integer('Consecutive failures after which a backend is unhealthy.', {
    default: health.unhealthyThreshold,
    minimum: 1,
  }).optional(),
  degradedThreshold: duration('Extension. A successful health check slower than this makes it degraded.', {
    ...short(health.degradedThresholdMs),
  }).optional(),
  maxInFlight: maxInFlight.optional(),
  retry: retry.optional(),
  circuitBreaker: circuitBreaker.optional(),
};

/** `operational.failureHandling` without what is the whole server's: what one backend may have its own way. */
export const FailureOverride = section('Extension. Overrides operational.failureHandling for one backend.', {
  ...perBackend,
});
export type FailureOverride = z.infer<typeof FailureOverride>;

const FailureHandling = section('How failing backends are noticed, left alone and taken back.', {
  ...perBackend,
  statusReportingInterval: duration('Time between two status reports.', {
    ...short(STATUS_REPORTING_INTERVAL_MS),
  }).optional(),
  partialFailureMode: text('What lists answer while a backend is unavailable: an error, or what is there.', {
    default: PARTIAL_FAILURE_MODE,
    enum: ['fail', 'best_effort'],
  }).optional(),
});
export type FailureHandling = z.infer<typeof FailureHandling>;

export const Operational = section('Settings of a running server.', {
  logLevel: text('Logs more.', { enum: ['debug'] }).optional(),
  timeouts: section('Longest times for a call.', {
    default: duration('For calls to every backend.', { ...short(TIMEOUT_MS) }).optional(),
    perWorkload: mapOf('For calls to one backend, by its name.', duration('').optional()).optional(),
  }).optional(),
  failureHandling: FailureHandling.optional(),
});

export const Server = section('Extension. Who may reach the HTTP endpoints, and what everybody may cost.', {
  allowedHosts: list(
    'Values of the Host header accepted besides the address listened on.',
    text(''),
  ).optional(),
  allowedOrigins: list('Values of the Origin header that are accepted.', text('')).optional(),
  limits: LimitsSection.optional(),
});
