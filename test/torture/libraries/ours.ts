import { CallRefusedError, createEngine, VirtualClock } from '../../../src/index.js';
import type { Engine, EngineConfigInput, EngineOptions } from '../../../src/index.js';
import { CallerError } from '../policy.js';
import type { Policy } from '../policy.js';
import type { Breaker, Library, State } from '../breaker.js';
import { versionOf } from './version.js';

type BackendInput = NonNullable<EngineConfigInput['backends'][string]>;

/** Says nothing about the backend: the caller's mistake, and the refusal of a breaker further in. */
const classify: EngineOptions['classify'] = (error) =>
  error instanceof CallerError
    ? { kind: 'released' }
    : { kind: 'failed', failure: { category: 'backend_unavailable' } };

const NEVER_MS = 1e9;

function settingsOf(policy: Policy): BackendInput {
  const { threshold, rate, slowCallMs, backoff, maxInFlight, checkEveryMs = NEVER_MS } = policy;
  return {
    circuit: {
      openMs: policy.openMs,
      successThreshold: policy.successes,
      maxProbes: policy.probes,
      probeLimitMs: policy.probeLimitMs,
      ...(threshold !== undefined && { failureThreshold: threshold }),
      ...(rate && {
        rates: [{ of: rate.of, threshold: rate.threshold, window: rate.window, minimumCalls: rate.minimum }],
      }),
      ...(slowCallMs !== undefined && { slowCallMs }),
      ...(backoff && { backoff: { ...backoff, jitter: backoff.jitter ? 0.5 : 0 } }),
    },
    health: { checkIntervalMs: checkEveryMs, checkTimeoutMs: checkEveryMs / 2 },
    ...(maxInFlight !== undefined && { maxInFlight }),
  };
}

/** The engine, with one backend for each breaker. */
function engineOf(
  policy: Policy,
  names: readonly string[],
  options: EngineOptions,
): Engine<EngineConfigInput> {
  const settings = settingsOf(policy);
  const backends = Object.fromEntries(names.map((name) => [name, settings]));
  const engine = createEngine({ backends }, { classify, ...options });
  engine.start();
  return engine;
}

function breakerOf(
  engine: Engine<EngineConfigInput>,
  name: string,
  policy: Policy,
  clock: VirtualClock | undefined,
): Breaker {
  const { callTimeoutMs = Infinity, checkEveryMs } = policy;
  const backend = engine.backend(name);
  const reconfigure = (input: EngineConfigInput['backends']) => {
    engine.reconfigure({ backends: input });
  };
  return {
    cancels: true,
    signalsTimeouts: true,
    plainOperations: true,
    limitsProbes: true,
    countsStale: true,
    ...(checkEveryMs !== undefined && { checkProbes: true }),
    ...(clock && { now: () => clock.now() }),
    call: (operation, signal) =>
      backend.execute((attempt) => operation(attempt.signal), { signal, timeoutMs: callTimeoutMs }),
    isRefusal: (error) => error instanceof CallRefusedError,
    state: (): State => backend.status().circuit ?? 'closed',
    predicts: () => (backend.refusal() ? 'refuses' : 'admits'),
    on: (state, listener) => {
      engine.subscribe((event) => {
        if (event.type === 'circuit.changed' && event.backend === name && event.to === state) listener();
      });
    },
    onEverything: (listener) => engine.subscribe(listener),
    isolate: () => {
      engine.isolate(name);
      return () => {
        engine.release(name);
      };
    },
    reset: () => {
      engine.reset(name);
    },
    disable: () => {
      reconfigure({ [name]: { circuit: { enabled: false } } });
    },
    reconfigure: (next) => {
      reconfigure({ [name]: settingsOf(next) });
    },
    replaced: () => {
      reconfigure({});
      reconfigure({ [name]: settingsOf(policy) });
      return breakerOf(engine, name, policy, clock);
    },
    shutdown: () => engine.stop(),
    counts: () => backend.status().calls,
    retryAfterMs: (error) => (error instanceof CallRefusedError ? error.retryAfterMs : undefined),
    permit: () => {
      const permit = backend.permit();
      if (!permit.admitted) return undefined;
      return {
        succeed: () => {
          permit.succeed();
        },
        fail: () => {
          permit.fail({ category: 'backend_unavailable' });
        },
      };
    },
    dispose: () => engine.stop({ drainMs: 0 }),
  };
}

function library(name: string, clock?: VirtualClock): Library {
  const options = (policy: Policy, check?: () => Promise<void>): EngineOptions => ({
    ...(clock && { clock }),
    ...(check && policy.checkEveryMs !== undefined && { check }),
  });
  return {
    name,
    version: versionOf(),
    make: (policy, check) => {
      const engine = engineOf(policy, ['one'], options(policy, check));
      return breakerOf(engine, 'one', policy, clock);
    },
    makeTwo: (policy) => {
      const engine = engineOf(policy, ['one', 'two'], options(policy));
      return [breakerOf(engine, 'one', policy, clock), breakerOf(engine, 'two', policy, clock)];
    },
    ...(clock && { advance: (ms: number) => clock.run(ms) }),
  };
}

/** The engine on the clock that it has where nobody gives it another. */
export const ours = library('Breakwater');

/** The engine on a clock of its own, which takes nothing from the process. */
export const oursVirtual = (): Library => library('Breakwater, virtual clock', new VirtualClock());
