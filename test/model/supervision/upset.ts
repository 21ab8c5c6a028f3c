import type { Backend } from '../../../src/engine/backend-handle.js';

/** Whatever reads its policy throws. */
const UNREADABLE = {
  type: 'policy.changed',
  get policy(): never {
    throw new Error('what cannot be read');
  },
};

interface Insides {
  readonly gate: { send(event: object): void };
}

/** Makes a backend's actor crash, whatever state it is in: an exception while it reads an event. */
export function upset(backend: Backend): void {
  (backend as unknown as Insides).gate.send(UNREADABLE);
}
