/** Bounds of the live stream and of its viewers. */
export const LIVE_LIMITS = {
  /** Events that a viewer can still be told, having been away. */
  heldEvents: 2000,
  /** Open streams at once; the next viewer is told to come back. */
  maxViewers: 32,
  /** What happens within so many milliseconds is sent together. */
  frameMs: 100,
  /** How often everything is looked at for what changed without an event, e.g. counts of calls, in milliseconds. */
  statusMs: 1000,
  /** How long a stream may be silent, in milliseconds. */
  keepAliveMs: 15_000,
  /** Bytes a viewer may leave unread; until it has read them it is sent no more, and then what it missed. */
  maxUnreadBytes: 262_144,
} as const;
