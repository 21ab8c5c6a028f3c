import type { EventObject } from 'xstate';
import type { BackendSnapshot } from '../../../machines/backend.js';
import type { BackendEvent, BackendResume } from '../../../machines/backend-setup.js';
import { regionsOf } from '../../../machines/regions.js';
import { moveBackend } from './machines.js';
import type { Operation } from './steps.js';
import type { Verdict } from './oracle.js';

/** What an engine keeps of a backend beside its actor. */
interface Gate {
  readonly actor: BackendSnapshot | undefined;
  readonly circuit: ReturnType<typeof regionsOf>['circuit'];
  readonly failures: number;
  readonly generation: number;
  readonly openUntil: number;
  /** Calls out of this stay of the circuit, and of older ones. */
  readonly present: number;
  readonly older: number;
}

const FRESH: Gate = {
  actor: undefined,
  circuit: 'closed',
  failures: 0,
  generation: 0,
  openUntil: 0,
  present: 0,
  older: 0,
};

/** The backends' own machines, and the calls that are out. */
export class Gates {
  now = 0;
  readonly #gates: Map<string, Gate>;
  /** Calls out of former lives, by name. */
  readonly #left: Map<string, number>;

  constructor(from?: Gates) {
    this.now = from?.now ?? 0;
    this.#gates = new Map(from && from.#gates);
    this.#left = new Map(from && from.#left);
  }

  get(name: string): Gate | undefined {
    return this.#gates.get(name);
  }

  /** Calls out of no present stay. */
  late(name: string): number {
    return (this.#left.get(name) ?? 0) + this.#of(name).older;
  }

  /** Calls out of the present life. */
  out(name: string): number {
    return this.#of(name).present + this.#of(name).older;
  }

  get isIdle(): boolean {
    return [...this.#gates.keys(), ...this.#left.keys()].every(
      (name) => this.out(name) + this.late(name) === 0,
    );
  }

  // Lives

  /** An actor begins, whoever was there before; one that was away goes on. */
  adopt(name: string, actor: BackendSnapshot): void {
    const { generation, failures, openForMs } = actor.context;
    const { circuit } = regionsOf(actor);
    const isNew = generation !== this.#of(name).generation;
    if (isNew) this.#leave(name);
    this.#put(name, { actor, circuit, failures, generation });
    if (isNew && circuit === 'open') this.#put(name, { openUntil: this.now + openForMs });
  }

  crash(name: string): void {
    this.#put(name, { actor: undefined });
    this.#leave(name);
  }

  /** What the next actor goes on from; nothing, if it is the first. */
  resumeOf(name: string): BackendResume | undefined {
    const { circuit, generation, failures, openUntil } = this.#of(name);
    if (generation === 0) return undefined;
    return { circuit, generation, failures, openForMs: Math.max(0, openUntil - this.now), openings: 0 };
  }

  end(name: string): void {
    this.#left.set(name, (this.#left.get(name) ?? 0) + this.out(name));
    this.#gates.delete(name);
  }

  stop(): void {
    for (const name of this.#gates.keys()) this.crash(name);
  }

  // Calls, checks and operators

  call(name: string): void {
    const { present, generation, circuit } = this.#of(name);
    this.#put(name, { present: present + 1 });
    if (circuit === 'halfOpen') this.tell(name, { type: 'permit.taken', generation });
  }

  settle(name: string, verdict: Verdict, late: boolean): void {
    const { present, older, generation } = this.#of(name);
    const left = this.#left.get(name) ?? 0;
    if (late && left > 0) this.#left.set(name, left - 1);
    else if (late) this.#put(name, { older: older - 1 });
    else {
      this.#put(name, { present: present - 1 });
      const failed = { type: 'call.failed', generation, failure: { category: 'timeout' } } as const;
      this.tell(name, verdict === 'failed' ? failed : { type: 'call.succeeded', generation });
    }
  }

  operate(name: string, what: Operation): void {
    const { actor, circuit } = this.#of(name);
    if (actor) {
      if (what !== 'check') this.tell(name, { type: `circuit.${what}` });
      if (what === 'reset' || what === 'check') this.tell(name, { type: 'check.request' });
      return;
    }
    if (what === 'isolate') this.#put(name, { circuit: 'isolated' });
    else if (what === 'release' && circuit === 'isolated') this.#put(name, { circuit: 'halfOpen' });
    else if (what === 'reset' && circuit !== 'isolated') this.#put(name, { circuit: 'closed', failures: 0 });
  }

  /** Every check that is due has its turn, and succeeds. */
  check(): void {
    for (const name of this.#gates.keys())
      while (typeof this.#of(name).actor?.value.checks === 'object')
        for (const event of [{ type: 'check.started' }, { type: 'check.succeeded', elapsedMs: 0 }] as const)
          this.tell(name, event);
  }

  tell(name: string, event: BackendEvent | EventObject): void {
    const { actor } = this.#of(name);
    if (actor) this.adopt(name, moveBackend(actor, event));
  }

  // Time

  /** When the next open stay ends; `Infinity` when there is none. */
  get nextAt(): number {
    return Math.min(...this.#open().map(([, { openUntil }]) => openUntil));
  }

  pass(): void {
    for (const [name, { actor, openUntil }] of this.#open()) {
      if (openUntil !== this.now) continue;
      for (const { eventType } of actor?._nodes.flatMap(({ after }) => after) ?? [])
        if (eventType.includes('openFor')) this.tell(name, { type: eventType });
    }
  }

  /** All that a guard or a delay can tell apart: no generation. */
  get essence(): unknown {
    const gates = [...this.#gates].map(([name, { actor, circuit, failures, openUntil, present, older }]) => [
      name,
      actor ? actor.value.circuit : circuit,
      circuit === 'closed' && failures,
      circuit === 'open' && openUntil - this.now,
      present,
      older,
    ]);
    return [gates.sort(), [...this.#left].filter(([, calls]) => calls > 0).sort()];
  }

  #of(name: string): Gate {
    return this.#gates.get(name) ?? FRESH;
  }

  #put(name: string, changed: Partial<Gate>): void {
    this.#gates.set(name, { ...this.#of(name), ...changed });
  }

  #leave(name: string): void {
    const { generation } = this.#of(name);
    this.#put(name, { present: 0, older: this.out(name), generation: generation + 1 });
  }

  #open(): [string, Gate][] {
    return [...this.#gates].filter(([, { actor, circuit }]) => actor && circuit === 'open');
  }
}
