import { fromCallback } from 'xstate';
import type { CallbackActorLogic, EventObject } from 'xstate';
import type { CheckEvent, CheckInput } from '../../machines/backend-setup.js';
import type { Outcome } from '../../machines/failure.js';
import type { Gate } from './gate.js';
import type { Clock } from './clock.js';
import type { Outbox } from './outbox.js';
import type { Turns } from './turns.js';

/**
 * One health check of a backend. Resolving says that it works, whatever it resolves to, unless that is an `Outcome`
 * that says otherwise; rejecting says that it does not. It must be cheap, and end when `signal` aborts.
 *
 * Throwing instead of returning a promise, or a `classify` that throws, is a defect, not a verdict: the backend's
 * actor crashes and its supervisor restarts it.
 */
export type HealthCheck = (backend: string, options: { readonly signal: AbortSignal }) => Promise<unknown>;

interface CheckWorld {
  readonly check: HealthCheck;
  readonly classify: (error: unknown) => Outcome;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly turns: Turns;
  readonly gateOf: (backend: string) => Gate | undefined;
}

/** The check as an actor: it waits for its turn, makes the check, and says once how it ended. */
export function createCheckLogic(world: CheckWorld): CallbackActorLogic<EventObject, CheckInput, CheckEvent> {
  const succeededBefore = new WeakMap<Gate, number>();

  return fromCallback<EventObject, CheckInput, CheckEvent>(({ input: { backend, reason }, sendBack }) => {
    const controller = new AbortController();
    let over = false;
    let checked: Gate | undefined;
    const say = (event: CheckEvent) => {
      if (over) return;
      world.outbox.run(() => {
        sendBack(event);
      });
    };
    const crash = (error: unknown) => {
      say({ type: 'check.crashed', error });
    };

    const begin = () => {
      const gate = world.gateOf(backend);
      const proved = gate && reason === 'interval' && gate.provesHealth(succeededBefore.get(gate) ?? 0);
      if (gate) succeededBefore.set(gate, gate.succeeded);
      if (proved) {
        say({ type: 'check.skipped' });
        return;
      }
      checked = gate;
      say({ type: 'check.started' });
      const startedAt = world.clock.now();
      try {
        void world
          .check(backend, { signal: controller.signal })
          .then(undefined, world.classify)
          .then((outcome) => {
            const event = verdict(outcome, world.clock.now() - startedAt);
            if (event.type === 'check.succeeded' && !over) gate?.noteCheckSucceeded();
            say(event);
          }, crash);
      } catch (error) {
        crash(error);
      }
    };

    // While a probe waits, every call is refused.
    const giveUpTurn = world.turns.take(begin, reason === 'probe');
    return () => {
      over = true;
      if (checked) checked.lastCheckAt = world.clock.now();
      giveUpTurn();
      // Who listens to the signal is a stranger, and must not be let into a transition.
      world.outbox.prepare(() => {
        controller.abort();
      });
    };
  });
}

/** Whatever is not an outcome that says otherwise says that the backend works. */
function verdict(said: unknown, elapsedMs: number): CheckEvent {
  if (!saysOtherwise(said)) return { type: 'check.succeeded', elapsedMs };
  return said.kind === 'failed' ? { type: 'check.failed', failure: said.failure } : { type: 'check.skipped' };
}

function saysOtherwise(said: unknown): said is Exclude<Outcome, { kind: 'succeeded' }> {
  if (typeof said !== 'object' || said === null || !('kind' in said)) return false;
  if (said.kind === 'released') return true;
  const failure = said.kind === 'failed' && 'failure' in said ? said.failure : undefined;
  return typeof failure === 'object' && failure !== null;
}
