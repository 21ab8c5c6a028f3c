import type { EngineEvent } from '../../../src/engine/events.js';

/** Some event of an engine. */
export const eventOf = (sequence: number, backend = 'one'): EngineEvent => ({
  sequence,
  at: sequence,
  time: new Date(sequence).toISOString(),
  backend,
  type: 'health.changed',
  from: 'unknown',
  to: 'healthy',
  cause: 'check.succeeded',
});
