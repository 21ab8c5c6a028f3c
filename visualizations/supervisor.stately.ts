// Written by `npm run visualize`. Stately Studio imports this file as it is.
import { createMachine } from 'xstate';

export const machine = createMachine({
  id: 'supervisor',
  description: 'Keeps the backends alive: one for one, none disturbs another.',
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
