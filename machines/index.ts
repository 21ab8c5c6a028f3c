/** The statecharts, for everyone who wants to draw, explore or test them. Pure: they import only xstate. */
export { createBackendMachine } from './backend.js';
export type { BackendMachine, BackendRef, BackendSnapshot } from './backend.js';
export { RECONNECT_MS } from './backend-setup.js';
export { MAX_RETRY_AFTER_MS } from './opening.js';
export type * from './backend-policy.js';
export type { RatePolicy } from './window.js';
export type * from './backend-setup.js';
export type * from './failure.js';
export { FAILURE_CATEGORIES } from './failure.js';
export * from './policy.js';
export { regionsOf } from './regions.js';
export { createSupervisorMachine } from './supervisor.js';
export type * from './supervisor.js';
