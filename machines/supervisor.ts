import { enqueueActions, setup } from 'xstate';
import type { ActorRefFrom, AnyActorRef, ErrorActorEvent, SnapshotFrom } from 'xstate';
import type { BackendMachine, BackendRef } from './backend.js';
import type { BackendPolicy } from './backend-policy.js';
import type { BackendInput, BackendResume } from './backend-setup.js';
import type { Supervision } from './policy.js';

/**
 * How often a crashed backend is restarted before it is given up.
 *
 * Source: Erlang/OTP, `supervisor`, restart intensity: more than `intensity` restarts within `periodMs`
 * end the attempts; here they end for the one backend, not for its siblings.
 */
export interface RestartPolicy {
  /** Restarts allowed within the period; integer ≥ 0. With 0 the first crash gives up. */
  readonly intensity: number;
  /** Milliseconds after which a crash is forgotten; > 0. */
  readonly periodMs: number;
  /** Milliseconds before the first restart, doubled for each further crash within the period; ≥ 0. */
  readonly backoffMs: number;
}

/** One backend as the configuration names it. */
export interface BackendSpec {
  readonly name: string;
  readonly policy: BackendPolicy;
  readonly checks: boolean;
  /** Another value means another backend under the same name: it starts fresh. */
  readonly identity: string;
}

export type SupervisorEvent =
  | {
      type: 'config.changed';
      backends: readonly BackendSpec[];
      restart: RestartPolicy;
      /** Milliseconds that a removed backend's calls in flight may take to finish. */
      drainMs: number;
    }
  | { type: 'backend.drained'; name: string; life: number }
  | { type: 'backend.restart'; name: string; life: number }
  | { type: 'backend.revive'; name: string }
  | { type: 'crash.forgotten'; name: string; life: number }
  | { type: 'supervisor.stop'; drainMs: number }
  | { type: 'calls.drained' };

export type SupervisorEmitted =
  | { type: 'backend.added' | 'backend.removed' | 'backend.draining' | 'backend.replaced'; name: string }
  | { type: 'backend.crashed'; name: string; error: unknown; crashes: number; restartInMs: number }
  | { type: 'backend.restarted'; name: string }
  | { type: 'backend.gaveUp'; name: string; error: unknown; crashes: number };

/** One child. `life` tells it from a former one of the same name, so that late timers do not touch it. */
export interface Child {
  readonly spec: BackendSpec;
  readonly supervision: Supervision;
  readonly ref: BackendRef | undefined;
  readonly life: number;
  /** Crashes within the period. */
  readonly crashes: number;
  /** Restarts since it was added. */
  readonly restarts: number;
  /** Milliseconds of the present pause, while restarting. */
  readonly restartInMs: number;
}

export interface SupervisorContext {
  readonly restart: RestartPolicy;
  readonly children: Readonly<Record<string, Child>>;
  readonly lives: number;
}

export interface SupervisorInput {
  readonly backends: readonly BackendSpec[];
  readonly restart: RestartPolicy;
}

/** What the machine needs of the world. */
export interface SupervisorParts {
  readonly backend: BackendMachine;
  /** What a backend begins with; asked at the moment of its start or restart, undefined for a new one. */
  readonly resumeOf: (name: string) => BackendResume | undefined;
}

const idOf = (name: string) => `backend:${name}`;
const nameOf = (actorId: string) => actorId.slice('backend:'.length);

/**
 * The machine that keeps the backends alive: one for one, none disturbs another.
 *
 * A child that crashes is restarted after a pause, too many crashes give it up, a changed configuration is
 * reconciled with as few interruptions as it allows, and stopping waits for the calls in flight.
 */
export function createSupervisorMachine({ backend, resumeOf }: SupervisorParts) {
  const machine = setup({
    types: {
      context: {} as SupervisorContext,
      events: {} as SupervisorEvent | ErrorActorEvent<unknown, `backend:${string}`>,
      emitted: {} as SupervisorEmitted,
      input: {} as SupervisorInput,
    },
    actors: { backend },
    delays: {
      drainLimit: ({ event }) => ('drainMs' in event ? event.drainMs : 0),
    },
    actions: {
      /** All in one step: a step per child would copy the children once per child. */
      reconcile: enqueueActions(({ enqueue, context, event }) => {
        if (event.type !== 'config.changed') return;
        const wanted = new Map(event.backends.map((spec) => [spec.name, spec]));
        const children: Record<string, Child> = { ...context.children };
        const fresh: Child[] = [];
        let lives = context.lives;
        const begin = (spec: BackendSpec) => {
          lives += 1;
          fresh.push(newborn(spec, lives));
        };
        for (const child of Object.values(context.children)) {
          const { spec, supervision, ref, life } = child;
          const next = wanted.get(spec.name);
          wanted.delete(spec.name);
          if (!next) {
            if (supervision === 'draining') continue;
            children[spec.name] = { ...child, supervision: 'draining' };
            enqueue.cancel(`restart:${spec.name}`);
            enqueue.raise({ type: 'backend.drained', name: spec.name, life }, { delay: 'drainLimit' });
            enqueue.emit({ type: 'backend.draining', name: spec.name });
          } else if (next.identity !== spec.identity || supervision === 'draining') {
            enqueue.cancel(`restart:${spec.name}`);
            enqueue.stopChild(idOf(spec.name));
            begin(next);
            enqueue.emit({ type: 'backend.replaced', name: spec.name });
          } else if (
            next.policy !== spec.policy &&
            JSON.stringify(next.policy) !== JSON.stringify(spec.policy)
          ) {
            children[spec.name] = { ...child, spec: next };
            if (ref) enqueue.sendTo(ref, { type: 'policy.changed', policy: next.policy });
            if (supervision === 'gaveUp') enqueue.raise({ type: 'backend.revive', name: spec.name });
          }
        }
        for (const spec of wanted.values()) {
          begin(spec);
          enqueue.emit({ type: 'backend.added', name: spec.name });
        }
        enqueue.assign(({ spawn }) => {
          for (const child of fresh) {
            const { name } = child.spec;
            const ref = spawn('backend', { id: idOf(name), input: inputOf(child.spec) });
            children[name] = { ...child, ref };
          }
          return { children, lives, restart: event.restart };
        });
      }),
      announce: enqueueActions(({ enqueue, context }) => {
        for (const name of Object.keys(context.children)) enqueue.emit({ type: 'backend.added', name });
      }),
      supervise: enqueueActions(({ enqueue, context, event, self }) => {
        if (!('actorId' in event)) return;
        const name = nameOf(event.actorId);
        stopOrphans(self, event.actorId);
        enqueue.stopChild(event.actorId);
        const child = context.children[name];
        if (!child || child.supervision === 'draining') return;
        const crashes = child.crashes + 1;
        const { intensity, periodMs, backoffMs } = context.restart;
        const gaveUp = crashes > intensity;
        const restartInMs = gaveUp ? 0 : backoffMs * 2 ** (crashes - 1);
        enqueue.assign({
          children: {
            ...context.children,
            [name]: {
              ...child,
              ref: undefined,
              crashes,
              restartInMs,
              supervision: gaveUp ? 'gaveUp' : 'restarting',
            },
          },
        });
        const { life } = child;
        if (gaveUp) {
          enqueue.emit({ type: 'backend.gaveUp', name, error: event.error, crashes });
          return;
        }
        enqueue.raise({ type: 'backend.restart', name, life }, { delay: restartInMs, id: `restart:${name}` });
        enqueue.raise({ type: 'crash.forgotten', name, life }, { delay: periodMs });
        enqueue.emit({ type: 'backend.crashed', name, error: event.error, crashes, restartInMs });
      }),
      restart: enqueueActions(({ enqueue, context, event }) => {
        if (event.type !== 'backend.restart' && event.type !== 'backend.revive') return;
        const child = context.children[event.name];
        if (!child || ('life' in event && event.life !== child.life)) return;
        if (child.supervision !== (event.type === 'backend.restart' ? 'restarting' : 'gaveUp')) return;
        const { name } = child.spec;
        const input = inputOf(child.spec, resumeOf(name));
        const revived = event.type === 'backend.revive';
        const lives = context.lives + 1;
        enqueue.assign(({ spawn }) => ({
          lives,
          children: {
            ...context.children,
            [name]: {
              ...child,
              supervision: 'running',
              restarts: child.restarts + 1,
              ...(revived && { crashes: 0, life: lives }),
              ref: spawn('backend', { id: idOf(name), input }),
            },
          },
        }));
        enqueue.emit({ type: 'backend.restarted', name });
      }),
      forgetCrash: enqueueActions(({ enqueue, context, event }) => {
        if (event.type !== 'crash.forgotten') return;
        const child = context.children[event.name];
        if (!child || child.life !== event.life || child.crashes === 0) return;
        const children = { ...context.children, [event.name]: { ...child, crashes: child.crashes - 1 } };
        enqueue.assign({ children });
      }),
      remove: enqueueActions(({ enqueue, context, event }) => {
        if (event.type !== 'backend.drained') return;
        const child = context.children[event.name];
        if (!child || child.life !== event.life || child.supervision !== 'draining') return;
        enqueue.stopChild(idOf(event.name));
        enqueue.assign({
          children: Object.fromEntries(
            Object.entries(context.children).filter(([name]) => name !== event.name),
          ),
        });
        enqueue.emit({ type: 'backend.removed', name: event.name });
      }),
    },
  }).createMachine({
    id: 'supervisor',
    description: 'Keeps the backends alive: one for one, none disturbs another.',
    context: ({ input: { backends, restart }, spawn }) => {
      const children: Record<string, Child> = {};
      backends.forEach((spec, index) => {
        const { name } = spec;
        const ref = spawn('backend', { id: idOf(name), input: inputOf(spec, resumeOf(name)) });
        children[name] = { ...newborn(spec, index + 1), ref };
      });
      return { restart, children, lives: backends.length };
    },
    initial: 'running',
    on: { 'xstate.error.actor.*': { actions: 'supervise' } },
    states: {
      running: {
        description: 'Backends are kept alive; the configuration may change.',
        entry: 'announce',
        on: {
          'config.changed': { actions: 'reconcile' },
          'backend.drained': { actions: 'remove' },
          'backend.restart': { actions: 'restart' },
          'backend.revive': { actions: 'restart' },
          'crash.forgotten': { actions: 'forgetCrash' },
          'supervisor.stop': { target: 'draining' },
        },
      },
      draining: {
        description: 'No call is admitted any more; those in flight may finish.',
        after: { drainLimit: { target: 'stopped' } },
        on: { 'calls.drained': { target: 'stopped' } },
      },
      stopped: { description: 'Nothing runs any more.', type: 'final' },
    },
  });
  return machine;
}

function newborn(spec: BackendSpec, life: number): Child {
  return { spec, life, ref: undefined, supervision: 'running', crashes: 0, restarts: 0, restartInMs: 0 };
}

function inputOf({ name, policy, checks }: BackendSpec, resume?: BackendResume): BackendInput {
  return { name, policy, checks, ...(resume && { resume }) };
}

/** An errored machine leaves its own children running (xstate 5.33): end them before a replacement starts. */
function stopOrphans(supervisor: AnyActorRef, actorId: string): void {
  const { children } = supervisor.getSnapshot() as { children: Record<string, AnyActorRef | undefined> };
  const orphans = (children[actorId]?.getSnapshot() as { children?: Record<string, AnyActorRef> } | undefined)
    ?.children;
  for (const orphan of Object.values(orphans ?? {})) orphan.send({ type: 'xstate.stop' });
}

export type SupervisorMachine = ReturnType<typeof createSupervisorMachine>;
export type SupervisorRef = ActorRefFrom<SupervisorMachine>;
export type SupervisorSnapshot = SnapshotFrom<SupervisorMachine>;
