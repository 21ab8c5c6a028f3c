import type { BackendSetup } from './backend-setup.js';

/** What a failure does to the health of a backend that serves, or is not known yet. */
const worsens = [
  { guard: 'isDenied', target: 'unauthenticated' },
  { guard: 'sickens', target: 'unhealthy' },
] as const;
const worsensUnlessStale = [{ guard: 'isStale' }, ...worsens] as const;

/** What checks and calls say of the backend. */
export const healthOf = (backend: BackendSetup) =>
  backend.createStateConfig({
    description: 'What checks and calls say of the backend.',
    initial: 'unknown',
    states: {
      unknown: {
        description: 'Neither a check nor a call has decided yet.',
        entry: { type: 'enterHealth', params: { to: 'unknown' } },
        on: {
          'check.succeeded': [{ guard: 'isSlow', target: 'degraded' }, { target: 'healthy' }],
          'call.succeeded': [{ guard: 'isStale' }, { target: 'healthy' }],
          'check.failed': worsens,
          'call.failed': worsensUnlessStale,
        },
      },
      healthy: {
        description: 'It answers, and in time.',
        entry: { type: 'enterHealth', params: { to: 'healthy' } },
        on: {
          'check.succeeded': { guard: 'isSlow', target: 'degraded' },
          'check.failed': worsens,
          'call.failed': worsensUnlessStale,
        },
      },
      degraded: {
        description: 'It answers, but slowly, or has only just recovered.',
        entry: { type: 'enterHealth', params: { to: 'degraded' } },
        on: {
          'check.succeeded': [{ guard: 'isSlow' }, { target: 'healthy' }],
          'check.failed': worsens,
          'call.failed': worsensUnlessStale,
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
  });
