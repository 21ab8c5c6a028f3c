import type { Settings } from './oracle.js';

/** Settings with a circuit. */
export type Guarded = Settings & Required<Pick<Settings, 'circuit'>>;

/** A set of numbers under which paths are enumerated. All numbers differ, so that no limit hides behind another. */
export interface Scale {
  readonly name: string;
  readonly checked: boolean;
  readonly settings: Guarded;
  /** What may be configured instead, beside the breaker switched off. */
  readonly others?: readonly Settings[];
}

/** Probes outlast everything: a check's deadline always passes before theirs. */
const patient: Guarded = {
  circuit: { failureThreshold: 3, openMs: 20_000, successThreshold: 2, maxProbes: 3, probeLimitMs: 1e9 },
  health: { checkIntervalMs: 150, checkTimeoutMs: 120, unhealthyThreshold: 2, degradedThresholdMs: 50 },
};

/** Probes are given up before any deadline of a check passes. */
const hasty: Guarded = {
  circuit: { failureThreshold: 2, openMs: 30_000, successThreshold: 2, maxProbes: 2, probeLimitMs: 90 },
  health: { checkIntervalMs: 160, checkTimeoutMs: 130, unhealthyThreshold: 3, degradedThresholdMs: 1 },
};

/** Small enough for pairs of transitions: every reconnection is as late as the next. */
const brief = {
  patient: {
    circuit: { ...patient.circuit, failureThreshold: 1, maxProbes: 2 },
    health: { ...patient.health, checkIntervalMs: 100, checkTimeoutMs: 80 },
  },
  hasty: {
    circuit: { ...hasty.circuit, successThreshold: 1 },
    health: { ...hasty.health, checkIntervalMs: 100, checkTimeoutMs: 97, unhealthyThreshold: 1 },
  },
} satisfies Record<string, Guarded>;

/** A rate trips, and each opening in a row is longer, up to the third. */
const rated: Guarded = {
  circuit: {
    openMs: 30_000,
    successThreshold: 1,
    maxProbes: 1,
    probeLimitMs: 90,
    rates: [{ of: 'failures', threshold: 0.5, window: { calls: 4 }, minimumCalls: 3 }],
    backoff: { multiplier: 2, maxOpenMs: 70_000, jitter: 0.2, decayMs: 1700 },
  },
  health: { checkIntervalMs: 160, checkTimeoutMs: 130, unhealthyThreshold: 2, degradedThresholdMs: 1 },
};

/** Calls that are slow trip, and failures in a row beside them. */
const slow: Guarded = {
  circuit: {
    ...hasty.circuit,
    failureThreshold: 3,
    slowCallMs: 7,
    rates: [{ of: 'slowCalls', threshold: 0.6, window: { calls: 4 }, minimumCalls: 2 }],
  },
  health: hasty.health,
};

/** What the schema's defaults are, written out again. */
const standard: Guarded = {
  circuit: { failureThreshold: 5, openMs: 60_000, successThreshold: 1, maxProbes: 1, probeLimitMs: 30_000 },
  health: {
    checkIntervalMs: 30_000,
    checkTimeoutMs: 10_000,
    unhealthyThreshold: 3,
    degradedThresholdMs: 5000,
  },
};

export const SCALES = {
  patient: { name: 'patient', checked: true, settings: patient },
  hasty: { name: 'hasty', checked: true, settings: hasty },
  briefPatient: { name: 'brief, patient', checked: true, settings: brief.patient },
  briefHasty: { name: 'brief, hasty', checked: true, settings: brief.hasty },
  unchecked: { name: 'unchecked', checked: false, settings: hasty },
  reconfigured: {
    name: 'reconfigured, unchecked',
    checked: false,
    settings: hasty,
    others: [
      { circuit: { ...hasty.circuit, failureThreshold: 3, openMs: 25_000 }, health: hasty.health },
      { health: { ...hasty.health, unhealthyThreshold: 2 } },
    ],
  },
  rated: { name: 'rated, backing off, unchecked', checked: false, settings: rated },
  slow: { name: 'slow calls, unchecked', checked: false, settings: slow },
  standard: { name: 'standard', checked: true, settings: standard },
  standardUnchecked: { name: 'standard, unchecked', checked: false, settings: standard },
} satisfies Record<string, Scale>;

export function withoutCircuit({ health }: Settings): Settings {
  return { health };
}
