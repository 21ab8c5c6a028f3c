// Written by `npm run visualize`. Stately Studio imports this file as it is.
import { createMachine } from 'xstate';

export const machine = createMachine({
  id: 'backend',
  description: 'One backend. Its three regions hear the same events, each for itself.',
  type: 'parallel',
  states: {
    circuit: {
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
            'call.failed': [
              { guard: 'isStale' },
              { guard: 'trips', target: 'open', actions: ['markFailure', 'countFailure', 'planOpening'] },
              { actions: ['markFailure', 'countFailure'] },
            ],
            'call.slow': [
              { guard: 'isStale' },
              { guard: 'isTooSlow', target: 'open', actions: ['markSlow', 'planOpening'] },
              { actions: 'markSlow' },
            ],
            'check.succeeded': { actions: 'clearFailures' },
            'check.failed': [
              { guard: 'trips', target: 'open', actions: ['markFailure', 'countFailure', 'planOpening'] },
              { actions: ['markFailure', 'countFailure'] },
            ],
            'circuit.reset': { actions: ['clearFailures', 'forgetOpenings', 'countAnew'] },
          },
          states: {
            recovering: {
              description:
                'It has opened lately: another opening would last longer, until that is forgotten.',
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
            'circuit.reset': {
              target: 'closed',
              actions: ['clearFailures', 'forgetOpenings', 'resumeChecks'],
            },
          },
        },
        halfOpen: {
          description: 'A health check, or a few calls, decide whether the circuit closes or opens again.',
          entry: [{ type: 'enterCircuit', params: { to: 'halfOpen' } }, 'resumeChecks'],
          initial: 'ready',
          on: {
            'call.failed': [
              { guard: 'isStale' },
              { target: 'open', actions: ['countFailure', 'planOpening'] },
            ],
            'check.succeeded': [
              { guard: 'isLastProbe', target: 'closed', actions: 'clearFailures' },
              { actions: ['countProbeSuccess', 'resumeChecks'] },
            ],
            'check.failed': { target: 'open', actions: ['countFailure', 'planOpening'] },
            'circuit.reset': {
              target: 'closed',
              actions: ['clearFailures', 'forgetOpenings', 'resumeChecks'],
            },
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
                probeLimit: { target: '#backend.circuit.open', actions: ['countFailure', 'planOpening'] },
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
    },
    health: {
      description: 'What checks and calls say of the backend.',
      initial: 'unknown',
      states: {
        unknown: {
          description: 'Neither a check nor a call has decided yet.',
          entry: { type: 'enterHealth', params: { to: 'unknown' } },
          on: {
            'check.succeeded': [{ guard: 'isSlow', target: 'degraded' }, { target: 'healthy' }],
            'call.succeeded': [{ guard: 'isStale' }, { target: 'healthy' }],
            'check.failed': [
              { guard: 'isDenied', target: 'unauthenticated' },
              { guard: 'sickens', target: 'unhealthy' },
            ],
            'call.failed': [
              { guard: 'isStale' },
              { guard: 'isDenied', target: 'unauthenticated' },
              { guard: 'sickens', target: 'unhealthy' },
            ],
          },
        },
        healthy: {
          description: 'It answers, and in time.',
          entry: { type: 'enterHealth', params: { to: 'healthy' } },
          on: {
            'check.succeeded': { guard: 'isSlow', target: 'degraded' },
            'check.failed': [
              { guard: 'isDenied', target: 'unauthenticated' },
              { guard: 'sickens', target: 'unhealthy' },
            ],
            'call.failed': [
              { guard: 'isStale' },
              { guard: 'isDenied', target: 'unauthenticated' },
              { guard: 'sickens', target: 'unhealthy' },
            ],
          },
        },
        degraded: {
          description: 'It answers, but slowly, or has only just recovered.',
          entry: { type: 'enterHealth', params: { to: 'degraded' } },
          on: {
            'check.succeeded': [{ guard: 'isSlow' }, { target: 'healthy' }],
            'check.failed': [
              { guard: 'isDenied', target: 'unauthenticated' },
              { guard: 'sickens', target: 'unhealthy' },
            ],
            'call.failed': [
              { guard: 'isStale' },
              { guard: 'isDenied', target: 'unauthenticated' },
              { guard: 'sickens', target: 'unhealthy' },
            ],
          },
        },
        unhealthy: {
          description: 'It has failed as often as the threshold says.',
          entry: { type: 'enterHealth', params: { to: 'unhealthy' } },
          on: {
            'check.succeeded': { target: 'degraded' },
            'call.succeeded': [{ guard: 'isStale' }, { target: 'degraded' }],
            'check.failed': { guard: 'isDenied', target: 'unauthenticated' },
            'call.failed': [{ guard: 'isStale' }, { guard: 'isDenied', target: 'unauthenticated' }],
            'circuit.reset': { target: 'unknown' },
          },
        },
        unauthenticated: {
          description: 'It has refused our credentials as often as the threshold says.',
          entry: { type: 'enterHealth', params: { to: 'unauthenticated' } },
          on: {
            'check.succeeded': { target: 'degraded' },
            'call.succeeded': [{ guard: 'isStale' }, { target: 'degraded' }],
            'check.failed': [{ guard: 'isDenied' }, { guard: 'sickens', target: 'unhealthy' }],
            'call.failed': [
              { guard: 'isStale' },
              { guard: 'isDenied' },
              { guard: 'sickens', target: 'unhealthy' },
            ],
            'circuit.reset': { target: 'unknown' },
          },
        },
      },
    },
    checks: {
      description: 'When the backend is checked. Two checks never overlap.',
      initial: 'starting',
      on: { 'check.suspend': { target: '.suspended' } },
      states: {
        starting: {
          description: 'A life begins: a former one may have left the circuit open.',
          always: [
            { guard: 'isUnchecked', target: 'off' },
            { guard: 'wasRefusing', target: 'suspended' },
            { target: 'active' },
          ],
        },
        off: {
          description: 'There is no health check: only calls say how the backend is.',
          on: { 'check.suspend': {} },
        },
        suspended: {
          description: 'Nothing may reach the backend.',
          on: {
            'check.due': { target: 'active', actions: { type: 'setReason', params: { reason: 'probe' } } },
          },
        },
        waiting: {
          description: 'The next check is due after the interval, jittered.',
          entry: 'planCheck',
          after: {
            checkInterval: {
              target: 'active',
              actions: { type: 'setReason', params: { reason: 'interval' } },
            },
          },
          on: {
            'check.due': { target: 'active', actions: { type: 'setReason', params: { reason: 'probe' } } },
            'check.request': {
              target: 'active',
              actions: { type: 'setReason', params: { reason: 'requested' } },
            },
            'session.lost': { target: 'reconnecting', actions: 'countLoss' },
            'policy.changed': { target: 'waiting', reenter: true },
          },
        },
        reconnecting: {
          description: 'The session was lost: a check soon makes a new one.',
          entry: 'planReconnect',
          after: {
            reconnectDelay: { target: 'active', actions: { type: 'setReason', params: { reason: 'lost' } } },
          },
          on: {
            'check.due': { target: 'active', actions: { type: 'setReason', params: { reason: 'probe' } } },
            'check.request': {
              target: 'active',
              actions: { type: 'setReason', params: { reason: 'requested' } },
            },
          },
        },
        active: {
          description: 'A check is out; when the circuit enters a new stay, it is made anew.',
          invoke: { id: 'check', src: 'check' },
          initial: 'queued',
          on: {
            'check.due': {
              target: 'active',
              actions: { type: 'setReason', params: { reason: 'probe' } },
              reenter: true,
            },
            'check.succeeded': { target: 'waiting', actions: 'forgetLosses' },
            'check.failed': { target: 'waiting' },
            'check.skipped': { target: 'waiting', actions: 'forgetLosses' },
            'check.crashed': { actions: 'crash' },
            'session.lost': { target: 'reconnecting', actions: 'countLoss' },
          },
          states: {
            queued: {
              description: 'It waits for its turn among the checks of the engine.',
              on: { 'check.started': { target: 'running' } },
            },
            running: {
              description: 'A session that is lost while it is checked has failed the check.',
              after: { checkTimeout: { actions: 'failCheck' } },
              on: {
                'session.lost': {
                  target: '#backend.checks.reconnecting',
                  actions: ['countLoss', 'failCheck'],
                },
              },
            },
          },
        },
      },
    },
  },
});
