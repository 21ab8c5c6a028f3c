/** Bounds of the inspector relay and of its viewers. */
export const INSPECT_LIMITS = {
  /** Viewers at once; the next one is turned away. */
  maxViewers: 4,
  /** How often viewers are sent what has happened, in milliseconds. */
  frameMs: 50,
  /** How long that may take for all of them together, in milliseconds; what is left waits for the next time. */
  sliceMs: 8,
  /** Steps that may wait for one viewer; beyond, they are dropped, and it is told anew how everything stands. */
  maxWaiting: 5000,
  /** Bytes a viewer may leave unread; until it has read them it is sent no more. */
  maxUnreadBytes: 1_048_576,
  /** Depth and breadth to which a message shows a snapshot or an event. */
  maxDepth: 12,
  maxBreadth: 500,
  /** Bytes of a message that a viewer may send. Nothing it says is heard. */
  maxSaidBytes: 4096,
} as const;
