export type Policy = Readonly<Record<'failureThreshold' | 'openMs', number>>;
export type Spec = Readonly<{ identity: string; policy: Policy }>;
export type Circuit = 'closed' | 'open' | 'half-open' | 'isolated';

/** One backend from its start until it is removed, or replaced by another of its name. */
export class Life {
  supervision: 'running' | 'restarting' | 'gaveUp' | 'draining' = 'running';
  /** Crashes within the period [R16]. */
  crashes = 0;
  restarts = 0;
  restartAt = Infinity;
  circuit: Circuit = 'closed';
  /** The circuit as it was last told: who is away tells nothing until it is back. */
  told: Circuit = 'closed';
  /** Number of the stay of the circuit; a crash, a restart and the end begin another [R07]. */
  stay = 1;
  failures = 0;
  openUntil = Infinity;
  probing = false;
  callsOut = 0;
  callsLate = 0;

  constructor(
    readonly name: string,
    public spec: Spec,
  ) {}

  get isAway(): boolean {
    return this.supervision === 'restarting' || this.supervision === 'gaveUp';
  }
}
