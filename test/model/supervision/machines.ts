import { createEmptyActor, fromCallback } from 'xstate';
import type { EventObject } from 'xstate';
import { createBackendMachine } from '../../../machines/backend.js';
import type { BackendSnapshot } from '../../../machines/backend.js';
import type { BackendResume, CheckEvent, CheckInput } from '../../../machines/backend-setup.js';
import { createSupervisorMachine } from '../../../machines/supervisor.js';
import type { SupervisorInput, SupervisorSnapshot } from '../../../machines/supervisor.js';

/** What a restarted backend goes on from: whoever moves the machines says it. */
let resumeOf: (name: string) => BackendResume | undefined;

const backendMachine = createBackendMachine({
  check: fromCallback<EventObject, CheckInput, CheckEvent>(() => undefined),
  random: () => 0.5,
  passed: () => [],
});

export const supervisorMachine = createSupervisorMachine({
  backend: backendMachine,
  resumeOf: (name) => resumeOf(name),
});

/** What a machine wants done beside its transition. */
export interface Wanted {
  readonly type: string;
  readonly params?: {
    readonly event?: EventObject;
    /** Milliseconds until the machine hears its own event; absent: at once, and it has. */
    readonly delay?: number;
    readonly id?: string;
    /** The id of what is cancelled. */
    readonly sendId?: string;
    readonly to?: { readonly id: string };
  };
}

/** A machine's transitions as functions of snapshots, which nothing runs. */
interface Pure<Snapshot> {
  getInitialSnapshot(scope: unknown, input: unknown): Snapshot;
  transition(snapshot: Snapshot, event: EventObject, scope: unknown): Snapshot;
}
const supervisor = supervisorMachine as unknown as Pure<SupervisorSnapshot>;
const backend = backendMachine as unknown as Pure<BackendSnapshot>;

/** Nobody lives in this scope: what is wanted is noted, and the children that are spawned never start. */
function scopeOf(wanted: Wanted[]) {
  const self = createEmptyActor();
  return {
    self: Object.assign(self, { getSnapshot: () => ({ children: {} }) }),
    system: self.system,
    actionExecutor: (action: Wanted) => wanted.push(action),
    defer: () => undefined,
    emit: () => undefined,
    stopChild: () => undefined,
    logger: () => undefined,
    id: 'supervisor',
    sessionId: 'supervisor',
  };
}

type Moved = readonly [SupervisorSnapshot, readonly Wanted[]];

export function startSupervisor(input: SupervisorInput): Moved {
  const wanted: Wanted[] = [];
  resumeOf = () => undefined;
  return [supervisor.getInitialSnapshot(scopeOf(wanted), input), wanted];
}

export function moveSupervisor(
  snapshot: SupervisorSnapshot,
  event: EventObject,
  resume: typeof resumeOf,
): Moved {
  const wanted: Wanted[] = [];
  resumeOf = resume;
  return [supervisor.transition(snapshot, event, scopeOf(wanted)), wanted];
}

export function moveBackend(snapshot: BackendSnapshot, event: EventObject): BackendSnapshot {
  return backend.transition(snapshot, event, scopeOf([]));
}

/** The transitions that the supervisor's machine takes for an event, of those that it defines. */
export function takenBy(snapshot: SupervisorSnapshot, event: EventObject): readonly object[] {
  return supervisorMachine.getTransitionData(snapshot, event as never);
}
