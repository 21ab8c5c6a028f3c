import { CHECKS, CIRCUIT, defect, GATE, SETUP } from './defect.js';
import type { Defect } from './defect.js';
import type { Patch } from './patched.js';

/** Two guards keep the same defect out: the gate's and the machine's. Both must be gone for it to show. */
const UNGUARDED: Patch = {
  file: SETUP,
  from: "'generation' in event && event.generation !== context.generation",
  to: 'false',
};

/** Groups A and B of the catalogue: older outcomes, and the permits of half-open. */
export const DEFECTS_OF_STAYS: readonly Defect[] = [
  {
    id: 'A1',
    what: 'an outcome of an older stay counts',
    patches: [
      UNGUARDED,
      {
        file: GATE,
        from: 'if (generation === this.generation) return true;',
        to: 'if (this.ref !== undefined) return true;',
      },
    ],
  },
  defect(
    'A2',
    'the gate calls every older outcome current, and the machine alone refuses it',
    GATE,
    'if (generation === this.generation) return true;',
    'if (this.ref !== undefined) { generation = this.generation; return true; }',
  ),
  {
    id: 'A3',
    what: 'an older outcome is taken for one of the present stay',
    patches: [
      {
        file: GATE,
        from: 'if (generation === this.generation) return true;',
        to: 'if (this.ref !== undefined) return true;',
      },
      {
        file: GATE,
        from: "this.send({ type: 'call.failed', generation, failure })",
        to: "this.send({ type: 'call.failed', generation: this.generation, failure })",
      },
    ],
  },
  {
    id: 'A4',
    what: 'an older success clears the failures of a later stay',
    patches: [
      {
        file: GATE,
        from: 'if (generation === this.generation) return true;',
        to: 'if (this.ref !== undefined) return true;',
      },
      {
        file: GATE,
        from: "this.send({ type: 'call.succeeded', generation })",
        to: "this.send({ type: 'call.succeeded', generation: this.generation })",
      },
    ],
  },
  {
    id: 'A5',
    what: 'an older release frees a probe it never held',
    patches: [
      {
        file: GATE,
        from: 'if (generation === this.generation) return true;',
        to: 'if (this.ref !== undefined) return true;',
      },
      {
        file: GATE,
        from: "this.send({ type: 'call.released', generation })",
        to: "this.send({ type: 'call.released', generation: this.generation })",
      },
    ],
  },
  defect(
    'A7',
    'a stay has the number of the one before',
    SETUP,
    'const generation = context.generation + 1;',
    "const generation = context.generation + (to === 'isolated' ? 0 : 1);",
  ),
  defect('A8', 'an older outcome is not counted as stale', GATE, 'this.stale += 1;', ''),
  defect(
    'A9',
    'a check of an older stay is not begun anew',
    CHECKS,
    "'check.due': { ...checkFor('probe'), reenter: true },",
    "'check.due': {},",
  ),
  defect(
    'B1',
    'a probe that never settles wedges half-open',
    SETUP,
    'context.policy.circuit?.probeLimitMs ?? Infinity',
    'Infinity',
  ),
  defect(
    'B2',
    'a released probe keeps its permit',
    CIRCUIT,
    "{ guard: 'isOnlyProbeOut', target: 'ready', actions: 'givePermitBack' }",
    "{ guard: 'isOnlyProbeOut', target: 'ready' }",
  ),
  defect(
    'B3',
    'a released probe counts as a success',
    CIRCUIT,
    "{ target: 'probing', reenter: true, actions: 'givePermitBack' }",
    "{ target: 'probing', reenter: true, actions: ['countProbeSuccess', 'givePermitBack'] }",
  ),
  defect(
    'B4',
    'a released probe is not told to the machine',
    GATE,
    'if (!this.#admits) this.send',
    'if (this.#admits) this.send',
  ),
  defect(
    'B6',
    'half-open admits every caller',
    'machines/policy.ts',
    'return probesOut + (checked ? 1 : 0) < maxProbes;',
    'return probesOut >= 0 || checked || maxProbes > 0;',
  ),
  defect(
    'B7',
    'half-open admits one too many',
    'machines/policy.ts',
    '(checked ? 1 : 0) < maxProbes',
    '(checked ? 1 : 0) <= maxProbes',
  ),
  defect(
    'B8',
    'the health check does not count as a probe',
    'machines/policy.ts',
    '(checked ? 1 : 0)',
    '(checked ? 0 : 0)',
  ),
  defect(
    'B9',
    'asking what would be refused takes a permit',
    GATE,
    '  peek(): Refusal | undefined {\n',
    "  peek(): Refusal | undefined {\n    this.send({ type: 'permit.taken', generation: this.generation });\n",
  ),
  defect(
    'B10',
    'half-open waits for a call, no check is sent',
    CIRCUIT,
    "entry: [{ type: 'enterCircuit', params: { to: 'halfOpen' } }, 'resumeChecks']",
    "entry: [{ type: 'enterCircuit', params: { to: 'halfOpen' } }]",
  ),
  defect(
    'B11',
    'one success closes, whatever the threshold',
    SETUP,
    'probeSuccesses + 1 >= (policy.circuit?.successThreshold ?? 1)',
    'probeSuccesses + 1 >= 1',
  ),
  defect(
    'B12',
    'a success more than the threshold is asked for',
    SETUP,
    'probeSuccesses + 1 >= (',
    'probeSuccesses >= (',
  ),
  defect(
    'B15',
    'the limit of probes runs on when one settles',
    CIRCUIT,
    "{ target: 'probing', reenter: true, actions: ['countProbeSuccess', 'givePermitBack'] }",
    "{ actions: ['countProbeSuccess', 'givePermitBack'] }",
  ),
];
