/**
 * The engine as it is shipped: compiled by tsc into `dist/`. tsx would add a call to every function that is named
 * when it is made, which costs more than the engine itself.
 */
import type * as BackendMachines from '../../../machines/backend.js';
import type * as Configuration from '../../../src/config/engine-config.js';
import type { EngineConfigInput } from '../../../src/config/engine-config.js';
import type * as CreateEngine from '../../../src/create-engine.js';
import type * as Handle from '../../../src/engine/backend-handle.js';
import type { Backend } from '../../../src/engine/backend-handle.js';
import type * as Executing from '../../../src/engine/execute.js';
import type * as Gates from '../../../src/engine/gate.js';
import type * as Outboxes from '../../../src/engine/outbox.js';
import type * as Limits from '../../../src/engine/time-limits.js';
import type * as Turns from '../../../src/engine/turn-time.js';
import type * as Virtual from '../../../src/engine/virtual-clock.js';

const load = (file: string): Promise<unknown> =>
  import(new URL(`../../../dist/${file}`, import.meta.url).href);

export const { createBackendMachine } = (await load('machines/backend.js')) as typeof BackendMachines;
export const { parseEngineConfig } = (await load('src/config/engine-config.js')) as typeof Configuration;
export const { createEngine } = (await load('src/create-engine.js')) as typeof CreateEngine;
export const { BackendHandle } = (await load('src/engine/backend-handle.js')) as typeof Handle;
export const { blameBackend } = (await load('src/engine/execute.js')) as typeof Executing;
export const { Gate } = (await load('src/engine/gate.js')) as typeof Gates;
export const { Outbox } = (await load('src/engine/outbox.js')) as typeof Outboxes;
export const { TimeLimits } = (await load('src/engine/time-limits.js')) as typeof Limits;
export const { TurnTime } = (await load('src/engine/turn-time.js')) as typeof Turns;
export const { VirtualClock } = (await load('src/engine/virtual-clock.js')) as typeof Virtual;

type CircuitInput = NonNullable<NonNullable<EngineConfigInput['backends'][string]>['circuit']>;

/** A backend of a running engine in real time, found healthy. Unless `circuit` says otherwise, nothing trips it. */
export async function healthyBackend(circuit: CircuitInput = {}): Promise<Backend> {
  const engine = createEngine(
    { backends: { one: { circuit: { failureThreshold: Number.MAX_SAFE_INTEGER, ...circuit } } } },
    { check: () => Promise.resolve() },
  );
  engine.start();
  const backend = engine.backend('one');
  while (backend.standing.health !== 'healthy') await new Promise((turn) => setImmediate(turn));
  return backend;
}

/** The actor behind a backend, of which the public surface says nothing. */
export function actorOf(backend: Backend): NonNullable<Gates.Gate['ref']> {
  const ref = backend instanceof BackendHandle ? backend.gate.ref : undefined;
  if (!ref) throw new Error(`the actor of "${backend.name}" is not running`);
  return ref;
}
