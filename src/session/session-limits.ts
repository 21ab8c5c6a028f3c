import type { Limits } from '../limits.js';

/** What one backend may cost us. Everything it sends is bounded by one of these. */
export type SessionLimits = Omit<
  Limits,
  | 'maxBodyBytes'
  | 'maxClientBatch'
  | 'maxClientSessions'
  | 'clientSessionIdleMs'
  | 'maxSubscriptions'
  | 'maxOwnSessions'
>;
