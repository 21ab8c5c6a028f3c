import type { Patch } from './patched.js';

/** One planted defect: where in the catalogue of known breaker bugs it belongs, and what it is. */
export interface Defect {
  readonly id: string;
  readonly what: string;
  readonly patches: readonly Patch[];
}

export const GATE = 'src/engine/gate.ts';
export const SETUP = 'machines/backend-setup.ts';
export const CIRCUIT = 'machines/circuit.ts';
export const HEALTH = 'machines/health.ts';
export const CHECKS = 'machines/checks.ts';
export const MIRROR = 'src/engine/mirror.ts';
export const OPENING = 'machines/opening.ts';
export const CHECK = 'src/engine/check.ts';

export const defect = (id: string, what: string, file: string, from: string, to: string): Defect => ({
  id,
  what,
  patches: [{ file, from, to }],
});
