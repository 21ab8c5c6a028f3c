import { describe, expect, it, vi } from 'vitest';
import { parseEngineConfig, type EngineConfigInput } from '../../src/config/engine-config.js';
import { createEngine } from '../../src/create-engine.js';
import type { ConfigReader, EngineSettings } from '../../src/engine/engine.js';

/** Stands for the engine: what it is given is all that is asked here. */
vi.mock('../../src/engine/engine.js', () => ({
  Engine: class {
    readonly settings: EngineSettings;
    constructor(config: EngineConfigInput, reader: ConfigReader<EngineConfigInput>) {
      this.settings = reader.read(config);
    }
  },
}));

type Backend = NonNullable<EngineConfigInput['backends'][string]>;
type Circuit = NonNullable<Backend['circuit']>;

const circuitOf = (circuit: Circuit) =>
  parseEngineConfig({ backends: { one: { circuit } } }).backends.one?.circuit;
const policyOf = (backend: Backend) => {
  const engine = createEngine({ backends: { one: backend } });
  return (engine as unknown as { settings: EngineSettings }).settings.backends[0]?.policy;
};

const failures = { of: 'failures', threshold: 0.5, window: { calls: 100 } } as const;
const slowCalls = { of: 'slowCalls', threshold: 0.8, window: { ms: 60_000 } } as const;
const rate = (changes: object) => ({ rates: [{ ...failures, ...changes }] }) as Circuit;

describe('a circuit without policies', () => {
  it('is what the reference has, and nothing besides [R09]', () => {
    const plain = {
      enabled: true,
      failureThreshold: 5,
      openMs: 60_000,
      successThreshold: 1,
      maxProbes: 1,
      probeLimitMs: 30_000,
    };
    expect(circuitOf({})).toStrictEqual(plain);
    expect(circuitOf({ rates: [], observeOnly: false })).toStrictEqual(plain);
    expect(circuitOf({ rates: [], observeOnly: true })).toStrictEqual({ ...plain, observeOnly: true });
    expect(circuitOf({ rates: [], backoff: {} })).not.toHaveProperty('rates');
    const { enabled, ...policy } = plain;
    expect(enabled).toBe(true);
    expect(policyOf({})).toStrictEqual({ circuit: policy, health: policyOf({})?.health });
  });
});

describe('the policies of a circuit', () => {
  it('have defaults that follow from its open time and its windows [R09]', () => {
    const small = { ...failures, window: { calls: 4 } };
    const circuit = circuitOf({
      openMs: 20_000,
      rates: [failures, slowCalls, small],
      slowCallMs: 2000,
      backoff: {},
    });
    expect(circuit?.rates?.map(({ minimumCalls }) => minimumCalls)).toEqual([10, 10, 4]);
    expect(circuit?.backoff).toEqual({ multiplier: 2, maxOpenMs: 200_000, jitter: 0.1, decayMs: 20_000 });
  });

  it('beside rates, failures in a row trip only where it is said [R09]', () => {
    expect(circuitOf({ rates: [failures] })).not.toHaveProperty('failureThreshold');
    expect(circuitOf({ rates: [failures], failureThreshold: 7 })).toMatchObject({ failureThreshold: 7 });
    expect(circuitOf({ backoff: {}, observeOnly: true })).toMatchObject({ failureThreshold: 5 });
  });

  it('reach the engine as they are written [R09]', () => {
    const written = {
      failureThreshold: 4,
      openMs: 20_000,
      successThreshold: 2,
      maxProbes: 3,
      probeLimitMs: 7000,
      rates: [
        { ...failures, minimumCalls: 20 },
        { ...slowCalls, minimumCalls: 30 },
      ],
      slowCallMs: 2000,
      backoff: { multiplier: 3, maxOpenMs: 90_000, jitter: 0.2, decayMs: 40_000 },
      observeOnly: true,
    };
    expect(policyOf({ circuit: written, maxInFlight: 64 })).toEqual({
      circuit: written,
      health: policyOf({})?.health,
      maxInFlight: 64,
    });
  });

  it('a limit on calls in flight holds without a breaker too [R09]', () => {
    const policy = policyOf({ circuit: { enabled: false, rates: [failures] }, maxInFlight: 2 });
    expect(policy).toEqual({ health: policyOf({})?.health, maxInFlight: 2 });
  });

  it('at their limits are accepted, and read again come out the same [R09]', () => {
    const circuit = circuitOf({
      openMs: 1000,
      rates: [
        { of: 'failures', threshold: 1, window: { calls: 1_000_000 }, minimumCalls: 1_000_000 },
        { of: 'slowCalls', threshold: Number.MIN_VALUE, window: { ms: 1000 }, minimumCalls: 1 },
        ...Array.from({ length: 6 }, () => failures),
      ],
      slowCallMs: 0.001,
      backoff: { multiplier: 1, maxOpenMs: 1000, jitter: 1 },
    });
    expect(circuit?.rates).toHaveLength(8);
    expect(circuitOf(circuit ?? {})).toEqual(circuit);
    expect(circuitOf({ backoff: { jitter: 0 } })?.backoff?.jitter).toBe(0);
  });
});

const SHARE = 'must be more than 0 and at most 1';
const REFUSED: [circuit: Circuit, key: string, message: string][] = [
  [rate({ window: { calls: 10, ms: 1000 } }), 'rates.0.window', 'must have either calls or ms, not both'],
  [rate({ window: {} }), 'rates.0.window', 'must have calls or ms'],
  [rate({ window: { calls: 0 } }), 'rates.0.window.calls', 'Too small: expected number to be >=1'],
  [rate({ window: { calls: 1_000_001 } }), 'rates.0.window.calls', 'must be at most 1000000'],
  [rate({ window: { ms: 999 } }), 'rates.0.window.ms', 'must be at least 1000 (1s)'],
  [rate({ window: { call: 10 } }), 'rates.0.window', 'Unrecognized key: "call"'],
  [
    { rates: [failures, { ...failures, minimumCalls: 101 }] },
    'rates.1.minimumCalls',
    'must be at most window.calls (100), or the rate would never be judged',
  ],
  [rate({ minimumCalls: 0 }), 'rates.0.minimumCalls', 'Too small: expected number to be >=1'],
  [rate({ threshold: 0 }), 'rates.0.threshold', SHARE],
  [rate({ threshold: 1.01 }), 'rates.0.threshold', SHARE],
  [rate({ threshold: NaN }), 'rates.0.threshold', SHARE],
  [rate({ threshold: undefined }), 'rates.0.threshold', SHARE],
  [rate({ of: 'errors' }), 'rates.0.of', 'must be failures or slowCalls'],
  [{ rates: Array.from({ length: 9 }, () => failures) }, 'rates', 'must be at most 8'],
  [{ rates: [slowCalls] }, 'slowCallMs', 'is required by a rate of slowCalls: from when on a call is slow'],
  [
    { rates: [failures], slowCallMs: 10 },
    'slowCallMs',
    'needs a rate of slowCalls: add one to rates, or leave this out',
  ],
  [{ slowCallMs: 10 }, 'slowCallMs', 'needs a rate of slowCalls: add one to rates, or leave this out'],
  [{ rates: [slowCalls], slowCallMs: 0 }, 'slowCallMs', 'Too small: expected number to be >0'],
  [{ openMs: 2000, backoff: { maxOpenMs: 1999 } }, 'backoff.maxOpenMs', 'must be at least openMs (2000)'],
  [{ backoff: { multiplier: 0.9 } }, 'backoff.multiplier', 'must be at least 1'],
  [{ backoff: { jitter: -0.1 } }, 'backoff.jitter', 'must be at least 0 and at most 1'],
  [{ backoff: { jitter: 1.1 } }, 'backoff.jitter', 'must be at least 0 and at most 1'],
  [{ backoff: { decayMs: 0 } }, 'backoff.decayMs', 'Too small: expected number to be >0'],
];

describe('a policy that cannot be meant', () => {
  it.each(REFUSED)('%j is refused by name: %s %s [R09]', (circuit, key, message) => {
    expect(() => circuitOf(circuit)).toThrow(
      `invalid engine configuration:\n  - backends.one.circuit.${key}: ${message}`,
    );
  });

  it.each([0, -1, 1.5])('maxInFlight of %j is refused by name [R09]', (maxInFlight) => {
    expect(() => policyOf({ maxInFlight })).toThrow(/\n {2}- backends\.one\.maxInFlight: /);
  });

  it.each([NaN, Infinity, -Infinity])('%s is refused wherever a number stands [R09]', (number) => {
    const everywhere = {
      maxInFlight: number,
      circuit: {
        slowCallMs: number,
        rates: [
          { of: 'slowCalls', threshold: number, window: { calls: number }, minimumCalls: number },
          { of: 'failures', threshold: 1, window: { ms: number } },
        ],
        backoff: { multiplier: number, maxOpenMs: number, jitter: number, decayMs: number },
      },
    } as const;
    const keys = (() => {
      try {
        policyOf({ ...everywhere } as unknown as Backend);
      } catch (error) {
        return [...String(error).matchAll(/- backends\.one\.([\w.]+):/g)].map(([, key]) => key);
      }
      return [];
    })();
    expect(keys.sort()).toEqual([
      'circuit.backoff.decayMs',
      'circuit.backoff.jitter',
      'circuit.backoff.maxOpenMs',
      'circuit.backoff.multiplier',
      'circuit.rates.0.minimumCalls',
      'circuit.rates.0.threshold',
      'circuit.rates.0.window.calls',
      'circuit.rates.1.window.ms',
      'circuit.slowCallMs',
      'maxInFlight',
    ]);
  });
});
