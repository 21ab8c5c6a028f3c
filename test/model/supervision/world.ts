import type { EventObject } from 'xstate';
import type {
  Child,
  SupervisorEmitted,
  SupervisorEvent,
  SupervisorSnapshot,
} from '../../../machines/supervisor.js';
import { Gates } from './gates.js';
import { moveSupervisor, startSupervisor, takenBy } from './machines.js';
import type { Wanted } from './machines.js';
import type { Plan } from './oracle.js';
import { planAfter, policyOf } from './steps.js';
import type { SupervisionScale, SupervisionStep } from './steps.js';

interface Timer {
  readonly id: string | undefined;
  readonly event: EventObject;
  readonly dueAt: number;
  /** It goes off, but changes nothing any more. */
  readonly isSpent: boolean;
}

/**
 * The product's own machines, the supervisor's and its children's, moved by what an engine tells them, in a time of
 * their own. What a step leads to is another world; two of the same key have the same future.
 */
export class World {
  readonly status = 'active';
  readonly output = undefined;
  readonly error = undefined;
  readonly gates: Gates;
  plan: Plan;
  phase: 'running' | 'stopping' | 'stopped' = 'running';
  /** How many there were on the way. */
  crashes = 0;
  changes = 0;
  key = '';
  /** The transitions that the supervisor's machine has taken on the last step, of those that it defines. */
  readonly taken: object[] = [];
  #supervisor!: SupervisorSnapshot;
  #timers: readonly Timer[] = [];

  private constructor(
    private readonly scale: SupervisionScale,
    from?: World,
  ) {
    this.plan = from?.plan ?? scale.plan;
    this.gates = new Gates(from?.gates);
    if (!from) return;
    this.phase = from.phase;
    this.crashes = from.crashes;
    this.changes = from.changes;
    this.#supervisor = from.#supervisor;
    this.#timers = from.#timers;
  }

  static begin(scale: SupervisionScale): World {
    const world = new World(scale);
    const [supervisor, wanted] = startSupervisor({ backends: world.#specs(), restart: scale.plan.rule });
    world.#supervisor = supervisor;
    world.#do(wanted);
    world.#settleDown();
    return world;
  }

  after(step: SupervisionStep): World {
    const next = new World(this.scale, this);
    next.#step(step);
    next.#settleDown();
    return next;
  }

  child(name: string): Child | undefined {
    return this.#supervisor.context.children[name];
  }

  /** In how many milliseconds the next timer goes off, and whether that changes nothing. */
  get next(): { readonly inMs: number; readonly isSpent: boolean } {
    const { now, nextAt } = this.gates;
    const at = Math.min(...this.#timers.map(({ dueAt }) => dueAt), nextAt);
    const isSpent = at < nextAt && this.#timers.every(({ dueAt, isSpent }) => dueAt !== at || isSpent);
    return { inMs: at - now, isSpent };
  }

  #step(step: SupervisionStep): void {
    const { gates } = this;
    switch (step.type) {
      case 'crash':
        this.crashes += 1;
        gates.crash(step.name);
        this.#tell({ type: `xstate.error.actor.${idOf(step.name)}`, ...{ actorId: idOf(step.name) } });
        return;
      case 'call':
        gates.call(step.name);
        return;
      case 'fail':
        gates.call(step.name);
        gates.settle(step.name, 'failed', false);
        return;
      case 'settle':
        gates.settle(step.name, step.verdict, step.late);
        this.#landed();
        return;
      case 'isolate':
      case 'release':
      case 'reset':
      case 'check':
        gates.operate(step.name, step.type);
        if (step.type === 'reset') this.#tell({ type: 'backend.revive', name: step.name });
        return;
      case 'deadline':
      case 'wait':
        this.#pass();
        return;
      case 'stop':
        this.phase = 'stopping';
        this.#tell({ type: 'supervisor.stop', drainMs: this.scale.stopMs });
        this.#landed();
        return;
      case 'add':
      case 'remove':
      case 'identity':
      case 'policy':
      case 'rule': {
        this.changes += 1;
        this.plan = planAfter(this.plan, step, this.scale);
        const { rule: restart, drainMs } = this.plan;
        this.#tell({ type: 'config.changed', backends: this.#specs(), restart, drainMs });
      }
    }
  }

  /** Whoever waits for the last call is told of it. */
  #landed(): void {
    if (this.phase === 'stopping' && this.gates.isIdle) this.#tell({ type: 'calls.drained' });
    for (const name of Object.keys(this.#supervisor.context.children)) this.#drained(name);
  }

  #drained(name: string): void {
    const { supervision, life = 0 } = this.child(name) ?? {};
    if (supervision === 'draining' && this.gates.out(name) === 0)
      this.#tell({ type: 'backend.drained', name, life });
  }

  #pass(): void {
    const now = this.gates.now + this.next.inMs;
    this.gates.now = now;
    const due = this.#timers.filter(({ dueAt }) => dueAt === now);
    this.#timers = this.#timers.filter(({ dueAt }) => dueAt !== now);
    for (const { event } of due) this.#tell(event);
    this.gates.pass();
  }

  // The supervisor's machine

  #tell(event: SupervisorEvent | EventObject): void {
    if (this.phase === 'stopped') return;
    this.taken.push(...takenBy(this.#supervisor, event));
    const [supervisor, wanted] = this.#moved(event);
    this.#supervisor = supervisor;
    this.#do(wanted);
    if (supervisor.status === 'active') return;
    this.phase = 'stopped';
    this.#timers = [];
    this.gates.stop();
  }

  #moved(event: EventObject) {
    return moveSupervisor(this.#supervisor, event, (name) => this.gates.resumeOf(name));
  }

  #do(wanted: readonly Wanted[]): void {
    for (const { type, params: { event, delay, id, sendId, to } = {} } of wanted) {
      if (type === 'xstate.cancel') this.#timers = this.#timers.filter((timer) => timer.id !== sendId);
      else if (type === 'xstate.raise' && event && delay !== undefined)
        this.#timers = [...this.#timers, { id, event, dueAt: this.gates.now + delay, isSpent: false }];
      else if (type === 'xstate.sendTo' && to && event) this.gates.tell(nameOf(to.id), event);
    }
    for (const { type, params } of wanted)
      if (type === 'xstate.emit') this.#hear(params?.event as unknown as SupervisorEmitted);
  }

  #hear({ type, name }: SupervisorEmitted): void {
    if (type === 'backend.replaced' || type === 'backend.removed') this.gates.end(name);
    const { ref } = this.child(name) ?? {};
    if (ref && (type === 'backend.added' || type === 'backend.replaced' || type === 'backend.restarted'))
      this.gates.adopt(name, ref.getSnapshot());
    if (type === 'backend.draining') this.#drained(name);
  }

  #specs() {
    const { checked: checks } = this.scale;
    return Object.entries(this.plan.backends).map(([name, { identity, policy }]) => ({
      name,
      identity,
      policy: policyOf(policy),
      checks,
    }));
  }

  // What a step leaves

  /** What a timer would change is found out by letting it go off. */
  #settleDown(): void {
    this.gates.check();
    const now = essenceOf(this.#supervisor);
    this.#timers = this.#timers
      .map((timer) => ({
        ...timer,
        isSpent: timer.isSpent || essenceOf(this.#moved(timer.event)[0]) === now,
      }))
      // Of those that do nothing at the same time one is enough.
      .filter(({ isSpent, dueAt }, index, all) => {
        const alike = all.findIndex((other) => other.isSpent && other.dueAt === dueAt);
        return !isSpent || index === alike;
      });
    this.key = this.#essence();
  }

  /** All that a guard or a delay of the machines can tell apart, and no more: no life and no generation. */
  #essence(): string {
    const timers = this.#timers.map(({ event: { type, ...of }, dueAt, isSpent }) => [
      dueAt - this.gates.now,
      !isSpent && [type, 'name' in of && of.name],
    ]);
    const { phase, plan, crashes, changes, gates } = this;
    return JSON.stringify([
      phase,
      plan,
      crashes,
      changes,
      essenceOf(this.#supervisor),
      gates.essence,
      timers,
    ]);
  }
}

const idOf = (name: string) => `backend:${name}`;
const nameOf = (actorId: string) => actorId.slice('backend:'.length);

/** Of the supervisor alone. A crash counts as long as another one may follow. */
function essenceOf({ value, context }: SupervisorSnapshot): string {
  const children = Object.values(context.children).map(({ spec, supervision, crashes }) => [
    spec.name,
    spec.identity,
    supervision,
    (supervision === 'running' || supervision === 'restarting') && crashes,
  ]);
  return JSON.stringify([value, children.sort()]);
}
