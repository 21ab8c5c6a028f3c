import type { BackendSetup, CheckReason } from './backend-setup.js';

/** A check is made now, and knows why. */
const checkFor = (reason: CheckReason) =>
  ({ target: 'active', actions: { type: 'setReason', params: { reason } } }) as const;

/** When the backend is checked. Two checks never overlap. */
export const checksOf = (backend: BackendSetup) =>
  backend.createStateConfig({
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
        on: { 'check.due': checkFor('probe') },
      },
      waiting: {
        description: 'The next check is due after the interval, jittered.',
        entry: 'planCheck',
        after: { checkInterval: checkFor('interval') },
        on: {
          'check.due': checkFor('probe'),
          'check.request': checkFor('requested'),
          'session.lost': { target: 'reconnecting', actions: 'countLoss' },
          'policy.changed': { target: 'waiting', reenter: true },
        },
      },
      reconnecting: {
        description: 'The session was lost: a check soon makes a new one.',
        entry: 'planReconnect',
        after: { reconnectDelay: checkFor('lost') },
        on: { 'check.due': checkFor('probe'), 'check.request': checkFor('requested') },
      },
      active: {
        description: 'A check is out; when the circuit enters a new stay, it is made anew.',
        invoke: {
          id: 'check',
          src: 'check',
          input: ({ context }) => ({ backend: context.name, reason: context.reason }),
        },
        initial: 'queued',
        on: {
          'check.due': { ...checkFor('probe'), reenter: true },
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
  });
