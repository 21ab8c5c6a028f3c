import type { Aggregation, PartialFailureMode } from '../config/config.js';
import type { ClientLimits } from './limits.js';

export interface GatewaySettings {
  /** Told to clients. */
  readonly name: string;
  readonly version: string;
  readonly aggregation: Aggregation;
  readonly partialFailureMode: PartialFailureMode;
  readonly limits: ClientLimits;
}
