import type { ActorRefFrom, SnapshotFrom } from 'xstate';
import { backendSetup, firstContext } from './backend-setup.js';
import type { BackendParts } from './backend-setup.js';
import { checksOf } from './checks.js';
import { circuitOf } from './circuit.js';
import { healthOf } from './health.js';

/**
 * The machine of one backend: `circuit` ∥ `health` ∥ `checks`.
 *
 * One machine serves all backends of an engine; each backend is an actor of it with its own input.
 */
export function createBackendMachine(parts: BackendParts) {
  const backend = backendSetup(parts);
  return backend.createMachine({
    id: 'backend',
    description: 'One backend. Its three regions hear the same events, each for itself.',
    context: ({ input }) => firstContext(input),
    type: 'parallel',
    states: { circuit: circuitOf(backend), health: healthOf(backend), checks: checksOf(backend) },
  });
}

export type BackendMachine = ReturnType<typeof createBackendMachine>;
export type BackendRef = ActorRefFrom<BackendMachine>;
export type BackendSnapshot = SnapshotFrom<BackendMachine>;
