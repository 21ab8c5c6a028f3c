/** Mutants that no test can tell from the source, or that none should, and why. */
export interface Survivors {
  readonly reason: string;
  readonly file: string;
  /** Each by the line in which it begins, what is replaced in it, and by what. */
  readonly mutants: readonly (readonly [line: string, original: string, replacement: string])[];
}

const REASONS = {
  asked:
    'The compiler asks for it; what it excludes cannot happen there, since the engine has made sure of it before.',
  work: 'It saves work and changes nothing else: what it skips has been done already, or comes to the same.',
  twice: 'Another place makes sure of the same; each by itself is enough.',
  name: 'A name that nothing is compared with.',
  walked: 'Random lives seldom come here; the exhaustive walks do, and compare each step with the oracle.',
  equal: 'At this limit both sides come to the same.',
} as const;

export const SURVIVORS: readonly Survivors[] = [
  {
    reason: REASONS.twice,
    file: 'machines/circuit.ts',
    mutants: [
      ["{ guard: 'hasFreePermit', target: 'probing', actions: 'takePermit' },", "'hasFreePermit'", '""'],
    ],
  },
  { reason: REASONS.twice, file: 'src/engine/check.ts', mutants: [['if (over) return;', 'over', 'false']] },
  {
    reason: REASONS.twice,
    file: 'machines/backend-setup.ts',
    mutants: [
      [
        'wasRefusing: ({ context: { resume, policy } }) =>',
        "({ context: { resume, policy } }) => resume?.circuit === 'isolated' || (resume?.circuit === 'open' && policy.circuit !== undefined)",
        '() => undefined',
      ],
      [
        "resume?.circuit === 'isolated' || (resume?.circuit === 'open' && policy.circuit !== undefined),",
        "resume?.circuit === 'isolated' || (resume?.circuit === 'open' && policy.circuit !== undefined)",
        'false',
      ],
      [
        "resume?.circuit === 'isolated' || (resume?.circuit === 'open' && policy.circuit !== undefined),",
        "resume?.circuit === 'isolated' || (resume?.circuit === 'open' && policy.circuit !== undefined)",
        "resume?.circuit === 'isolated' && resume?.circuit === 'open' && policy.circuit !== undefined",
      ],
      [
        "resume?.circuit === 'isolated' || (resume?.circuit === 'open' && policy.circuit !== undefined),",
        "resume?.circuit === 'isolated'",
        'false',
      ],
      [
        "resume?.circuit === 'isolated' || (resume?.circuit === 'open' && policy.circuit !== undefined),",
        "'isolated'",
        '""',
      ],
      [
        "resume?.circuit === 'isolated' || (resume?.circuit === 'open' && policy.circuit !== undefined),",
        "resume?.circuit === 'open' && policy.circuit !== undefined",
        'false',
      ],
      [
        "resume?.circuit === 'isolated' || (resume?.circuit === 'open' && policy.circuit !== undefined),",
        "'open'",
        '""',
      ],
      ['marks: [],', '[]', '["Stryker was here"]'],
    ],
  },
  {
    reason: REASONS.twice,
    file: 'machines/checks.ts',
    mutants: [["{ guard: 'wasRefusing', target: 'suspended' },", "'suspended'", '""']],
  },
  {
    reason: REASONS.twice,
    file: 'machines/supervisor.ts',
    mutants: [
      ["if (ref) enqueue.sendTo(ref, { type: 'policy.changed', policy: next.policy });", 'ref', 'true'],
      [
        "if (supervision === 'gaveUp') enqueue.raise({ type: 'backend.revive', name: spec.name });",
        "supervision === 'gaveUp'",
        'true',
      ],
    ],
  },
  {
    reason: REASONS.twice,
    file: 'src/engine/deadlines.ts',
    mutants: [
      ['index: -1,', '-1', '+1'],
      ['if (index < 0 || this.#heap[index] !== deadline) return;', 'index < 0', 'false'],
      ['deadline.index = -1;', '-1', '+1'],
    ],
  },
  {
    reason: REASONS.twice,
    file: 'src/engine/fleet.ts',
    mutants: [
      ['else if (!this.#started) this.#handles.delete(name);', '!this.#started', 'true'],
      [
        'if (!this.#handles.has(name)) this.#handles.set(name, this.#newHandle(name));',
        '!this.#handles.has(name)',
        'true',
      ],
      ['if (gate.ref === ref) this.world.announcer.backend(gate, event);', 'gate.ref === ref', 'true'],
      [
        "else if (gate.supervision === 'draining') this.#homes.get(gate.name)?.drained(gate.name, gate.life);",
        "gate.supervision === 'draining'",
        'true',
      ],
    ],
  },
  { reason: REASONS.twice, file: 'src/engine/gate.ts', mutants: [['#quiet = false;', 'false', 'true']] },
  {
    reason: REASONS.twice,
    file: 'src/engine/mirror.ts',
    mutants: [['if (this.#ref === ref) this.#adopt(snapshot);', 'this.#ref === ref', 'true']],
  },
  {
    reason: REASONS.walked,
    file: 'machines/circuit.ts',
    mutants: [
      [
        "{ target: 'probing', reenter: true, actions: ['countProbeSuccess', 'givePermitBack'] },",
        "'probing'",
        '""',
      ],
      [
        "{ target: 'probing', reenter: true, actions: ['countProbeSuccess', 'givePermitBack'] },",
        'true',
        'false',
      ],
      [
        "{ target: 'probing', reenter: true, actions: 'givePermitBack' },",
        "{ target: 'probing', reenter: true, actions: 'givePermitBack' }",
        '{}',
      ],
      ["{ target: 'probing', reenter: true, actions: 'givePermitBack' },", "'probing'", '""'],
      ["{ target: 'probing', reenter: true, actions: 'givePermitBack' },", 'true', 'false'],
    ],
  },
  {
    reason: REASONS.asked,
    file: 'src/engine/check.ts',
    mutants: [
      ['if (gate) succeededBefore.set(gate, gate.succeeded);', 'gate', 'true'],
      [
        "if (event.type === 'check.succeeded' && !over) gate?.noteCheckSucceeded();",
        'gate?.noteCheckSucceeded',
        'gate.noteCheckSucceeded',
      ],
    ],
  },
  {
    reason: REASONS.asked,
    file: 'machines/backend-setup.ts',
    mutants: [
      ['const rates = policy.circuit?.rates ?? [];', 'policy.circuit?.rates', 'policy.circuit.rates'],
      ['const rates = policy.circuit?.rates ?? [];', '[]', '["Stryker was here"]'],
      [
        'failures + 1 >= (policy.circuit?.failureThreshold ?? Infinity);',
        'policy.circuit?.failureThreshold',
        'policy.circuit.failureThreshold',
      ],
      [
        'types: {',
        '{ context: {} as BackendContext, events: {} as BackendEvent, emitted: {} as BackendEmitted, input: {} as BackendInput, }',
        '{}',
      ],
      [
        'backoffDecay: ({ context }) => context.policy.circuit?.backoff?.decayMs ?? Infinity,',
        'context.policy.circuit?.backoff',
        'context.policy.circuit.backoff',
      ],
      [
        'probeLimit: ({ context }) => context.policy.circuit?.probeLimitMs ?? Infinity,',
        'context.policy.circuit?.probeLimitMs',
        'context.policy.circuit.probeLimitMs',
      ],
      [
        "disables: ({ event }) => event.type === 'policy.changed' && event.policy.circuit === undefined,",
        "event.type === 'policy.changed'",
        'true',
      ],
      [
        "enables: ({ event }) => event.type === 'policy.changed' && event.policy.circuit !== undefined,",
        "event.type === 'policy.changed'",
        'true',
      ],
      [
        'probeSuccesses + 1 >= (policy.circuit?.successThreshold ?? 1),',
        'policy.circuit?.successThreshold',
        'policy.circuit.successThreshold',
      ],
      [
        'admitsProbe(probes, checks, policy.circuit?.maxProbes ?? 1),',
        'policy.circuit?.maxProbes',
        'policy.circuit.maxProbes',
      ],
      [
        "event.type === 'check.succeeded' && event.elapsedMs > context.policy.health.degradedThresholdMs,",
        "event.type === 'check.succeeded'",
        'true',
      ],
      ["if (event.type !== 'policy.changed') return {};", "event.type !== 'policy.changed'", 'false'],
    ],
  },
  {
    reason: REASONS.asked,
    file: 'machines/regions.ts',
    mutants: [
      ["circuit: circuit === 'resuming' ? 'closed' : circuit,", "circuit === 'resuming'", 'false'],
      ["circuit: circuit === 'resuming' ? 'closed' : circuit,", "'resuming'", '""'],
      ["circuit: circuit === 'resuming' ? 'closed' : circuit,", "'closed'", '""'],
    ],
  },
  {
    reason: REASONS.asked,
    file: 'machines/supervisor.ts',
    mutants: [
      [
        'types: {',
        '{ context: {} as SupervisorContext, events: {} as SupervisorEvent | ErrorActorEvent<unknown, `backend:${string}`>, emitted: {} as SupervisorEmitted, input: {} as SupervisorInput, }',
        '{}',
      ],
      ["if (event.type !== 'config.changed') return;", "event.type !== 'config.changed'", 'false'],
      ["if (!('actorId' in event)) return;", "!('actorId' in event)", 'false'],
      [
        "if (event.type !== 'backend.restart' && event.type !== 'backend.revive') return;",
        "event.type !== 'backend.restart' && event.type !== 'backend.revive'",
        'false',
      ],
      ["if (event.type !== 'crash.forgotten') return;", "event.type !== 'crash.forgotten'", 'false'],
      ["if (event.type !== 'backend.drained') return;", "event.type !== 'backend.drained'", 'false'],
    ],
  },
  {
    reason: REASONS.asked,
    file: 'machines/window.ts',
    mutants: [['export const NO_MARKS: Marks = { total: 0, recent: [] };', '[]', '["Stryker was here"]']],
  },
  {
    reason: REASONS.asked,
    file: 'src/engine/deadlines.ts',
    mutants: [
      ['if (last === undefined || last === deadline) return;', 'last === undefined', 'false'],
      ['if (parent === undefined || !isBefore(deadline, parent)) break;', 'parent === undefined', 'false'],
    ],
  },
  {
    reason: REASONS.asked,
    file: 'src/engine/engine.ts',
    mutants: [
      [
        'createBackendMachine({ check: logic, random, passed: (name) => gateOf(name)?.passed ?? [] }),',
        'gateOf(name)?.passed',
        'gateOf(name).passed',
      ],
      [
        'createBackendMachine({ check: logic, random, passed: (name) => gateOf(name)?.passed ?? [] }),',
        '[]',
        '["Stryker was here"]',
      ],
    ],
  },
  {
    reason: REASONS.asked,
    file: 'src/engine/fleet.ts',
    mutants: [
      ['if (gate) this.#retire(gate);', 'gate', 'true'],
      ['if (handle) handle.gate = this.#newGate(name);', 'handle', 'true'],
      ['if (gate) gate.restarts += 1;', 'gate', 'true'],
      ["gate?.detach('restarting', event.restartInMs);", 'gate?.detach', 'gate.detach'],
      ["gate?.detach('gaveUp');", 'gate?.detach', 'gate.detach'],
      ['gate?.drain();', 'gate?.drain', 'gate.drain'],
      ['if (gate?.inFlight === 0) partition.drained(name, gate.life);', 'gate?.inFlight', 'gate.inFlight'],
      ['if (gate) this.#retire(gate);', 'gate', 'true'],
      [
        'const gate = this.#handles.get(name)?.gate;',
        'this.#handles.get(name)?.gate',
        'this.#handles.get(name).gate',
      ],
      ['if (!child?.ref || !gate) return;', '!child?.ref || !gate', 'false'],
      ['if (!child?.ref || !gate) return;', '!child?.ref || !gate', '!child?.ref && !gate'],
      ['if (!child?.ref || !gate) return;', 'child?.ref', 'child.ref'],
    ],
  },
  {
    reason: REASONS.asked,
    file: 'src/engine/gate.ts',
    mutants: [
      ['if (generation === this.generation) this.tally?.quick();', 'this.tally?.quick', 'this.tally.quick'],
      ['const context = this.snapshot?.context;', 'this.snapshot?.context', 'this.snapshot.context'],
      ['if (context === undefined) return false;', 'context === undefined', 'false'],
      ['if (context === undefined) return false;', 'false', 'true'],
      [
        'return admitsProbe(context.probes, context.checks, context.policy.circuit?.maxProbes ?? 1);',
        'context.policy.circuit?.maxProbes',
        'context.policy.circuit.maxProbes',
      ],
    ],
  },
  {
    reason: REASONS.asked,
    file: 'src/engine/mirror.ts',
    mutants: [
      ['return this.tally?.read() ?? [];', 'this.tally?.read', 'this.tally.read'],
      ['return this.tally?.read() ?? [];', '[]', '["Stryker was here"]'],
      [
        'return this.tally?.measure(this.snapshot?.context.marks ?? []) ?? [];',
        'this.snapshot?.context',
        'this.snapshot.context',
      ],
      ['return this.tally?.measure(this.snapshot?.context.marks ?? []) ?? [];', '[]', '["Stryker was here"]'],
    ],
  },
  {
    reason: REASONS.asked,
    file: 'src/engine/tally.ts',
    mutants: [
      [
        'together(this.#counts.filter((_, index) => rates[index]?.of === kind));',
        'rates[index]?.of',
        'rates[index].of',
      ],
      [
        '...measure(policy, marks[index] ?? NO_MARKS, this.#counts[index]?.read() ?? NOTHING),',
        'this.#counts[index]?.read',
        'this.#counts[index].read',
      ],
      ['const NOTHING: Passed = { count: 0, step: 0 };', '{ count: 0, step: 0 }', '{}'],
    ],
  },
  {
    reason: REASONS.work,
    file: 'machines/backend-setup.ts',
    mutants: [
      [
        'return markRates(rates, of, marks, rates.length > 0 ? passed(name) : []);',
        'rates.length > 0',
        'true',
      ],
      [
        'return markRates(rates, of, marks, rates.length > 0 ? passed(name) : []);',
        'rates.length > 0',
        'rates.length >= 0',
      ],
      [
        'return markRates(rates, of, marks, rates.length > 0 ? passed(name) : []);',
        '[]',
        '["Stryker was here"]',
      ],
      ['pause: { ms: 0 },', '{ ms: 0 }', '{}'],
    ],
  },
  {
    reason: REASONS.work,
    file: 'machines/supervisor.ts',
    mutants: [['next.policy !== spec.policy &&', 'next.policy !== spec.policy', 'true']],
  },
  {
    reason: REASONS.work,
    file: 'src/engine/announcer.ts',
    mutants: [['if (this.#listeners.size === 0) return;', 'this.#listeners.size === 0', 'false']],
  },
  {
    reason: REASONS.work,
    file: 'src/engine/backend-handle.ts',
    mutants: [
      [
        'if (timeoutMs < Infinity || signal) return attempt(permit, operation, { signal, timeoutMs }, this.world);',
        'timeoutMs < Infinity || signal',
        'true',
      ],
      [
        'if (timeoutMs < Infinity || signal) return attempt(permit, operation, { signal, timeoutMs }, this.world);',
        'timeoutMs < Infinity',
        'timeoutMs <= Infinity',
      ],
      [
        'if (this.#aftermath?.permit !== stay) this.#aftermath = new Aftermath(stay, this.world.classify);',
        'this.#aftermath?.permit !== stay',
        'true',
      ],
    ],
  },
  {
    reason: REASONS.work,
    file: 'src/engine/backend-settings.ts',
    mutants: [
      [
        '(ours === theirs ||',
        'ours === theirs || (ours.maxInFlight === theirs.maxInFlight && sameFields(ours.health, theirs.health) && sameFields(ours.circuit ?? NONE, theirs.circuit ?? NONE))',
        'ours === theirs && ours.maxInFlight === theirs.maxInFlight && sameFields(ours.health, theirs.health) && sameFields(ours.circuit ?? NONE, theirs.circuit ?? NONE)',
      ],
      ['(ours === theirs ||', 'ours === theirs', 'false'],
      [
        '(ours.maxInFlight === theirs.maxInFlight &&',
        'ours.maxInFlight === theirs.maxInFlight && sameFields(ours.health, theirs.health) && sameFields(ours.circuit ?? NONE, theirs.circuit ?? NONE)',
        'false',
      ],
      ['if (one === other) return true;', 'one === other', 'false'],
    ],
  },
  {
    reason: REASONS.work,
    file: 'src/engine/fleet.ts',
    mutants: [
      ['const concerned = new Set(restartChanged ? this.#partitions : []);', '[]', '["Stryker was here"]'],
      ['if (this.#configured.size > backends.length) {', 'this.#configured.size > backends.length', 'true'],
      [
        'if (this.#configured.size > backends.length) {',
        'this.#configured.size > backends.length',
        'this.#configured.size >= backends.length',
      ],
    ],
  },
  {
    reason: REASONS.work,
    file: 'src/engine/gate.ts',
    mutants: [
      [
        'admitFreely(): StayPermit | undefined {',
        '{ if (!this.#takesFreely()) return undefined; if (this.slowCallMs !== undefined) return this.#join(this.slowCallMs).permit; return (this.#stay ??= new StayPermit(this, this.generation)); }',
        '{}',
      ],
      ['if (!this.#takesFreely()) return undefined;', '!this.#takesFreely()', 'true'],
      ['if (!this.#admits) {', '!this.#admits', 'true'],
      [
        'if (this.inFlight === 0 && !this.#admits) this.world.onIdle(this);',
        'this.inFlight === 0 && !this.#admits',
        'this.inFlight === 0 || !this.#admits',
      ],
      [
        'if (this.inFlight === 0 && !this.#admits) this.world.onIdle(this);',
        'this.inFlight === 0 && !this.#admits',
        'true',
      ],
      ['if (this.inFlight === 0 && !this.#admits) this.world.onIdle(this);', 'this.inFlight === 0', 'true'],
    ],
  },
  {
    reason: REASONS.work,
    file: 'src/engine/mirror.ts',
    mutants: [
      [
        'if (openForMs !== undefined) this.openUntil = this.world.clock.now() + openForMs;',
        'openForMs !== undefined',
        'true',
      ],
      [
        "if (this.generation === 0 && this.circuit === 'closed') return undefined;",
        "this.generation === 0 && this.circuit === 'closed'",
        'false',
      ],
      ["if (this.generation === 0 && this.circuit === 'closed') return undefined;", "'closed'", '""'],
    ],
  },
  {
    reason: REASONS.work,
    file: 'src/engine/shared-beginning.ts',
    mutants: [
      [
        'const known = input && beginnings.get(input.policy);',
        'input && beginnings.get(input.policy)',
        'true',
      ],
      [
        'const known = input && beginnings.get(input.policy);',
        'input && beginnings.get(input.policy)',
        'false',
      ],
      [
        'if (!known || input.resume || known.checks !== input.checks) {',
        '!known || input.resume || known.checks !== input.checks',
        'true',
      ],
      [
        'if (input && !input.resume) beginnings.set(input.policy, beginningOf(snapshot));',
        'input && !input.resume',
        'false',
      ],
      [
        'return Object.assign(Object.create(machine) as BackendMachine, { getInitialSnapshot: begin });',
        '{ getInitialSnapshot: begin }',
        '{}',
      ],
      [
        'function beginningOf(snapshot: BackendSnapshot): Beginning {',
        '{ const { children, context } = snapshot; return { snapshot: { ...snapshot, children: {} }, checks: context.checks, check: children.check?.getSnapshot().input, }; }',
        '{}',
      ],
      [
        'return {',
        '{ snapshot: { ...snapshot, children: {} }, checks: context.checks, check: children.check?.getSnapshot().input, }',
        '{}',
      ],
    ],
  },
  {
    reason: REASONS.work,
    file: 'src/engine/tally.ts',
    mutants: [
      ['if (only && counts.length === 1) return only;', 'only && counts.length === 1', 'false'],
      ['if (now === this.#readAt) return;', 'now === this.#readAt', 'false'],
    ],
  },
  {
    reason: REASONS.equal,
    file: 'machines/backend-setup.ts',
    mutants: [
      ['const counting = context.counting + 1;', 'context.counting + 1', 'context.counting - 1'],
      [
        'countAnew: assign({ marks: [], counting: ({ context }) => context.counting + 1 }),',
        'context.counting + 1',
        'context.counting - 1',
      ],
      ['...(!sameRates && { marks: [], counting: counting + 1 }),', 'counting + 1', 'counting - 1'],
      [
        "return eventType.startsWith('xstate.after.') ? (eventType.split('.')[2] ?? eventType) : eventType;",
        "'xstate.after.'",
        '""',
      ],
    ],
  },
  {
    reason: REASONS.equal,
    file: 'machines/opening.ts',
    mutants: [
      [
        'const askedMs = retryAfterMs > 0 ? Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) : 0;',
        'retryAfterMs > 0',
        'retryAfterMs >= 0',
      ],
    ],
  },
  {
    reason: REASONS.equal,
    file: 'src/engine/deadlines.ts',
    mutants: [
      ['while (index > 0) {', 'index > 0', 'index >= 0'],
      [
        'return one.dueAt < other.dueAt || (one.dueAt === other.dueAt && one.order < other.order);',
        'one.order < other.order',
        'one.order <= other.order',
      ],
    ],
  },
  {
    reason: REASONS.equal,
    file: 'src/engine/system-clock.ts',
    mutants: [['if (late > LATE_MS && late !== Infinity) {', 'late !== Infinity', 'true']],
  },
  {
    reason: REASONS.name,
    file: 'machines/backend-setup.ts',
    mutants: [
      [
        "enqueue.emit({ type: 'health.changed', to, cause: causeOf(event.type), category });",
        "'health.changed'",
        '""',
      ],
      ["reason: 'start',", "'start'", '""'],
    ],
  },
  {
    reason: REASONS.name,
    file: 'machines/checks.ts',
    mutants: [
      ["'check.request': checkFor('requested'),", "'requested'", '""'],
      ["after: { reconnectDelay: checkFor('lost') },", "'lost'", '""'],
      [
        "on: { 'check.due': checkFor('probe'), 'check.request': checkFor('requested') },",
        "'requested'",
        '""',
      ],
    ],
  },
  { reason: REASONS.name, file: 'machines/regions.ts', mutants: [["? 'out'", "'out'", '""']] },
  {
    reason: REASONS.name,
    file: 'machines/supervisor.ts',
    mutants: [["id: 'supervisor',", "'supervisor'", '""']],
  },
  {
    reason: REASONS.name,
    file: 'src/engine/engine.ts',
    mutants: [["this.#state = 'running';", "'running'", '""']],
  },
];
