import { defect, MIRROR, SETUP } from './defect.js';
import type { Defect } from './defect.js';
import type { Patch } from './patched.js';

const SUPERVISOR = 'machines/supervisor.ts';
const FLEET = 'src/engine/fleet.ts';
const ENGINE = 'src/engine/engine.ts';

/** A restart that comes late is kept from a former life's child, and from one that does not wait for it. */
const UNGUARDED_RESTART: Patch = {
  file: SUPERVISOR,
  from: "if (!child || ('life' in event && event.life !== child.life)) return;",
  to: 'if (!child) return;',
};

/** Group S: crashes, restarts, giving up. */
const OF_RESTARTS: readonly Defect[] = [
  defect(
    'S1',
    'the pause before a restart does not grow',
    SUPERVISOR,
    'backoffMs * 2 ** (crashes - 1)',
    'backoffMs',
  ),
  defect(
    'S2',
    'a restart more than the intensity is made',
    SUPERVISOR,
    'crashes > intensity',
    'crashes > intensity + 1',
  ),
  defect(
    'S3',
    'crashes are never forgotten',
    SUPERVISOR,
    'crashes: child.crashes - 1 }',
    'crashes: child.crashes }',
  ),
  defect(
    'S4',
    "a former life's crash is forgotten of the next",
    SUPERVISOR,
    'child.life !== event.life || child.crashes === 0',
    'child.crashes === 0',
  ),
  defect(
    'S5',
    'a backend that was revived begins with its old crashes',
    SUPERVISOR,
    'crashes: 0, life: lives })',
    'life: lives })',
  ),
  {
    id: 'S6',
    what: 'one that was replaced while it was away is restarted at the old time',
    patches: [
      UNGUARDED_RESTART,
      {
        file: SUPERVISOR,
        from: "supervision === 'draining') {\n            enqueue.cancel(`restart:${spec.name}`);",
        to: "supervision === 'draining') {",
      },
    ],
  },
  defect(
    'S7',
    'a crash of one begins the pause of the other anew',
    SUPERVISOR,
    "if (!child || child.supervision === 'draining') return;",
    "if (!child || child.supervision === 'draining') return;\n        for (const other in context.children) enqueue.cancel(`restart:${other}`);",
  ),
  defect(
    'S8',
    'a restart is a millisecond late',
    SUPERVISOR,
    '{ delay: restartInMs,',
    '{ delay: restartInMs + 1,',
  ),
  defect(
    'S9',
    'a changed policy does not bring back who was given up',
    SUPERVISOR,
    "if (supervision === 'gaveUp') enqueue.raise",
    "if (supervision === 'restarting') enqueue.raise",
  ),
  defect('S10', 'a reset does not bring back who was given up', ENGINE, 'this.#fleet.revive(name);', ''),
];

/** Group S: what a restart keeps. */
const OF_RESUMING: readonly Defect[] = [
  defect(
    'S11',
    'a restarted backend is not isolated any more',
    SETUP,
    "wasIsolated: ({ context }) => context.resume?.circuit === 'isolated'",
    'wasIsolated: () => false',
  ),
  defect(
    'S12',
    'an open stay begins anew with a restart',
    SETUP,
    'openForMs: resume?.openForMs ?? 0',
    'openForMs: (resume?.openForMs ?? 0) > 0 ? (policy.circuit?.openMs ?? 0) : 0',
  ),
  defect('S13', 'a restart forgets the failures', SETUP, 'failures: resume?.failures ?? 0', 'failures: 0'),
  defect(
    'S14',
    'the stays after a restart have the numbers of those before',
    SETUP,
    'generation: resume?.generation ?? 0',
    'generation: Math.max(0, (resume?.generation ?? 0) - 2)',
  ),
  defect('S15', 'an isolation of who is away is forgotten', ENGINE, "else gate.override('isolated');", ''),
];

/** Groups E and S: configurations, and the end. */
const OF_CHANGES: readonly Defect[] = [
  defect(
    'E3',
    'an outcome of a former life counts in the next',
    FLEET,
    'if (handle) handle.gate = this.#newGate(name);',
    'void handle;',
  ),
  defect(
    'S16',
    'another backend of the same name goes on where the former stopped',
    SUPERVISOR,
    'input: inputOf(child.spec) });',
    'input: inputOf(child.spec, resumeOf(name)) });',
  ),
  defect(
    'S17',
    "a former life's time limit removes the next",
    SUPERVISOR,
    "child.life !== event.life || child.supervision !== 'draining'",
    "child.supervision !== 'draining'",
  ),
  defect(
    'S18',
    'one that is added again while it drains goes on',
    SUPERVISOR,
    "next.identity !== spec.identity || supervision === 'draining'",
    'next.identity !== spec.identity',
  ),
  defect(
    'S19',
    'a changed policy restarts its backend',
    SUPERVISOR,
    'next.identity !== spec.identity ||',
    'next.identity !== spec.identity || JSON.stringify(next.policy) !== JSON.stringify(spec.policy) ||',
  ),
  defect(
    'S20',
    'a changed policy waits for the next restart',
    SUPERVISOR,
    "if (ref) enqueue.sendTo(ref, { type: 'policy.changed', policy: next.policy });",
    '',
  ),
  defect(
    'S21',
    'a removed backend does not wait for its calls',
    FLEET,
    'if (gate?.inFlight === 0) partition',
    'if (gate) partition',
  ),
  defect(
    'S22',
    'a removed backend stays for its whole time',
    FLEET,
    "else if (gate.supervision === 'draining')",
    "else if (gate.supervision === 'gaveUp')",
  ),
  defect(
    'S23',
    'a removed backend admits calls as long as it drains',
    MIRROR,
    "this.supervision = 'draining';",
    '',
  ),
  {
    id: 'S24',
    what: 'one that was removed while it was away is restarted',
    patches: [
      {
        file: SUPERVISOR,
        from: "children[spec.name] = { ...child, supervision: 'draining' };\n            enqueue.cancel(`restart:${spec.name}`);",
        to: "children[spec.name] = { ...child, supervision: 'draining' };",
      },
      {
        file: SUPERVISOR,
        from: "if (child.supervision !== (event.type === 'backend.restart' ? 'restarting' : 'gaveUp')) return;",
        to: "if (event.type === 'backend.revive' && child.supervision !== 'gaveUp') return;",
      },
    ],
  },
  defect(
    'S25',
    'a stop does not wait for the calls of former lives',
    FLEET,
    'if (this.#retired.size > 0) return;',
    '',
  ),
  defect(
    'S26',
    'a stop waits its whole time',
    SUPERVISOR,
    "on: { 'calls.drained': { target: 'stopped' } },",
    '',
  ),
];

/** What one-for-one supervision is known to get wrong, as far as it can be planted in this engine. */
export const DEFECTS_OF_SUPERVISION: readonly Defect[] = [...OF_RESTARTS, ...OF_RESUMING, ...OF_CHANGES];
