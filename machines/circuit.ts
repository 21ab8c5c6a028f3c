import type { BackendSetup } from './backend-setup.js';

/** What a failure does to a closed circuit. */
const counts = [
  { guard: 'trips', target: 'open', actions: ['markFailure', 'countFailure', 'planOpening'] },
  { actions: ['markFailure', 'countFailure'] },
] as const;
/** What opens a circuit again, or ends a half-open one otherwise than by its probes. */
const reopens = ['countFailure', 'planOpening'] as const;
const resets = ['clearFailures', 'forgetOpenings', 'resumeChecks'] as const;

/** Whether calls are admitted. */
export const circuitOf = (backend: BackendSetup) =>
  backend.createStateConfig({
    description: 'Whether calls are admitted.',
    initial: 'resuming',
    on: {
      'circuit.isolate': { target: '.isolated' },
      'policy.changed': [
        { guard: 'disables', target: '.disabled', actions: ['adoptPolicy', 'resumeChecks'] },
        { actions: 'adoptPolicy' },
      ],
    },
    states: {
      resuming: {
        description: 'A restarted backend goes on where its former life stopped.',
        always: [
          { guard: 'wasIsolated', target: 'isolated' },
          { guard: 'isDisabled', target: 'disabled' },
          { guard: 'wasOpen', target: 'open' },
          { guard: 'wasHalfOpen', target: 'halfOpen' },
          { target: 'closed' },
        ],
      },
      disabled: {
        description: 'No breaker is configured: every call is admitted.',
        entry: { type: 'enterCircuit', params: { to: 'disabled' } },
        on: {
          'call.succeeded': [{ guard: 'isStale' }, { actions: 'clearFailures' }],
          'call.failed': [{ guard: 'isStale' }, { actions: 'countFailure' }],
          'check.succeeded': { actions: 'clearFailures' },
          'check.failed': { actions: 'countFailure' },
          'circuit.reset': { actions: 'clearFailures' },
          'policy.changed': [
            {
              guard: 'enables',
              target: 'closed',
              actions: ['adoptPolicy', 'clearFailures', 'resumeChecks'],
            },
            { actions: 'adoptPolicy' },
          ],
        },
      },
      closed: {
        description: 'Every call is admitted; failures in a row are counted, and rates watched.',
        entry: { type: 'enterCircuit', params: { to: 'closed' } },
        initial: 'recovering',
        on: {
          'call.succeeded': [{ guard: 'isStale' }, { actions: 'clearFailures' }],
          'call.failed': [{ guard: 'isStale' }, ...counts],
          'call.slow': [
            { guard: 'isStale' },
            { guard: 'isTooSlow', target: 'open', actions: ['markSlow', 'planOpening'] },
            { actions: 'markSlow' },
          ],
          'check.succeeded': { actions: 'clearFailures' },
          'check.failed': counts,
          'circuit.reset': { actions: ['clearFailures', 'forgetOpenings', 'countAnew'] },
        },
        states: {
          recovering: {
            description: 'It has opened lately: another opening would last longer, until that is forgotten.',
            always: { guard: 'isSteady', target: 'steady' },
            after: {
              backoffDecay: [
                { guard: 'isFailing', target: 'recovering', reenter: true },
                { target: 'recovering', reenter: true, actions: 'forgetOpening' },
              ],
            },
          },
          steady: { description: 'If it opened, it would be for the shortest time.' },
        },
      },
      open: {
        description: 'Nothing reaches the backend, neither calls nor health checks.',
        entry: [{ type: 'enterCircuit', params: { to: 'open' } }, 'suspendChecks'],
        after: { openFor: { target: 'halfOpen' } },
        on: {
          'circuit.release': { target: 'halfOpen' },
          'circuit.reset': { target: 'closed', actions: resets },
        },
      },
      halfOpen: {
        description: 'A health check, or a few calls, decide whether the circuit closes or opens again.',
        entry: [{ type: 'enterCircuit', params: { to: 'halfOpen' } }, 'resumeChecks'],
        initial: 'ready',
        on: {
          'call.failed': [{ guard: 'isStale' }, { target: 'open', actions: reopens }],
          'check.succeeded': [
            { guard: 'isLastProbe', target: 'closed', actions: 'clearFailures' },
            { actions: ['countProbeSuccess', 'resumeChecks'] },
          ],
          'check.failed': { target: 'open', actions: reopens },
          'circuit.reset': { target: 'closed', actions: resets },
        },
        states: {
          ready: {
            description: 'No call is being tried.',
            on: {
              'permit.taken': [
                { guard: 'isStale' },
                { guard: 'hasFreePermit', target: 'probing', actions: 'takePermit' },
              ],
            },
          },
          probing: {
            description: 'Calls are being tried; if none settles in time, the circuit opens again.',
            after: {
              probeLimit: { target: '#backend.circuit.open', actions: reopens },
            },
            on: {
              'permit.taken': [{ guard: 'isStale' }, { guard: 'hasFreePermit', actions: 'takePermit' }],
              'call.succeeded': [
                { guard: 'isStale' },
                {
                  guard: 'isLastProbe',
                  target: '#backend.circuit.closed',
                  actions: ['clearFailures', 'resumeChecks'],
                },
                {
                  guard: 'isOnlyProbeOut',
                  target: 'ready',
                  actions: ['countProbeSuccess', 'givePermitBack'],
                },
                { target: 'probing', reenter: true, actions: ['countProbeSuccess', 'givePermitBack'] },
              ],
              'call.released': [
                { guard: 'isStale' },
                { guard: 'isOnlyProbeOut', target: 'ready', actions: 'givePermitBack' },
                { target: 'probing', reenter: true, actions: 'givePermitBack' },
              ],
            },
          },
        },
      },
      isolated: {
        description: 'An operator keeps everything away, until released.',
        entry: [{ type: 'enterCircuit', params: { to: 'isolated' } }, 'suspendChecks'],
        on: {
          'circuit.release': [
            { guard: 'isDisabled', target: 'disabled', actions: 'resumeChecks' },
            { target: 'halfOpen' },
          ],
          'circuit.isolate': {},
          'policy.changed': { actions: 'adoptPolicy' },
        },
      },
    },
  });
