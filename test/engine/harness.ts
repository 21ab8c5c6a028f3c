import { createEngine } from '../../src/create-engine.js';
import type { EngineConfigInput } from '../../src/config/engine-config.js';
import { BackendHandle } from '../../src/engine/backend-handle.js';
import type { Backend } from '../../src/engine/backend-handle.js';
import type { EngineOptions } from '../../src/engine/engine.js';
import type { EngineEvent } from '../../src/engine/events.js';
import type { Permit } from '../../src/engine/permit.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import type { Failure, Outcome } from '../../machines/failure.js';

export const refused: Failure = { category: 'connection_failed' };

/** Numbers that differ from each other, so that no limit hides behind another. */
export const policy = {
  circuit: { failureThreshold: 3, openMs: 20_000, successThreshold: 1, maxProbes: 1, probeLimitMs: 7000 },
  health: { checkIntervalMs: 5000, checkTimeoutMs: 2000, unhealthyThreshold: 2, degradedThresholdMs: 500 },
};

/** An exception inside the actor: a guard reads a policy that throws. */
export function crash(backend: Backend): void {
  const event = {
    type: 'policy.changed',
    get policy(): never {
      throw new Error('boom');
    },
  } as const;
  if (backend instanceof BackendHandle) backend.gate.send(event);
}

/** An engine in virtual time, whose backends answer checks as the test says. */
export function harness(
  config: EngineConfigInput = { backends: { one: policy } },
  options: Omit<EngineOptions, 'clock'> & { checked?: boolean } = {},
) {
  const clock = new VirtualClock();
  const events: EngineEvent[] = [];
  const checks: { backend: string; at: number; signal: AbortSignal }[] = [];
  const answers = new Map<string, () => Promise<Outcome | undefined>>();
  const { checked = true, ...rest } = options;
  const engine = createEngine(config, {
    clock,
    random: () => 0.5,
    ...(checked && {
      check: (backend, { signal }) => {
        checks.push({ backend, at: clock.now(), signal });
        return (answers.get(backend) ?? (() => Promise.resolve(undefined)))();
      },
    }),
    ...rest,
  });
  engine.subscribe((event) => events.push(event));
  engine.start();
  const permit = (name = 'one'): Permit => {
    const answer = engine.backend(name).permit();
    if (!answer.admitted) throw new Error(`refused: ${answer.code}`);
    return answer;
  };
  return {
    engine,
    clock,
    events,
    checks,
    permit,
    /** What the health checks of a backend find from now on. */
    answer: (name: string, reply: () => Promise<Outcome | undefined>) => answers.set(name, reply),
    sick: (name = 'one', failure: Failure = refused) =>
      answers.set(name, () => Promise.resolve({ kind: 'failed', failure })),
    well: (name = 'one') => answers.delete(name),
    fail: (times: number, name = 'one') => {
      for (let call = 0; call < times; call += 1) permit(name).fail(refused);
    },
    standing: (name = 'one') => {
      const { supervision, circuit, health } = engine.backend(name).standing;
      return { supervision, circuit, health };
    },
    circuit: (name = 'one') => engine.backend(name).standing.circuit,
    health: (name = 'one') => engine.backend(name).standing.health,
    /** The circuit's own story: `closed → open`. */
    story: (name = 'one') =>
      events.flatMap((event) =>
        event.backend === name && event.type === 'circuit.changed' ? [`${event.from} → ${event.to}`] : [],
      ),
  };
}
