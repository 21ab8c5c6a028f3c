import { BackendConfig } from './engine-config.js';

/**
 * The defaults of a configuration file. Those of the engine are taken from its schema; only what the engine
 * has no word for, and where the reference's file differs, is said here.
 */

/** Of circuit and health, as the engine has them. */
export const BACKEND_DEFAULTS = BackendConfig.parse({});

/** An embedded engine breaks circuits unless told otherwise; a configuration file of the reference does not. */
export const CIRCUIT_ENABLED = false;

/** Longest time for a call, in milliseconds. */
export const TIMEOUT_MS = 30_000;

export const STATUS_REPORTING_INTERVAL_MS = 30_000;

/** What an unset mode means in effect, whatever the reference documents. */
export const PARTIAL_FAILURE_MODE = 'best_effort';
