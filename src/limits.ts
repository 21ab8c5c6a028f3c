/** What a limit counts. Durations are in milliseconds. */
export type LimitUnit = 'count' | 'bytes' | 'ms';

interface Limit {
  readonly unit: LimitUnit;
  readonly default: number;
  /** What happens at it, for people. */
  readonly says: string;
}

/**
 * Everything that a backend or a client sends or holds is bounded by one of these; each may be set in the
 * configuration. The value itself passes; one more does not. Bounds that follow from the protocol, or that nobody needs
 * to know, stand where they are used.
 */
export const LIMITS = {
  maxBodyBytes: {
    ...{ unit: 'bytes', default: 4_194_304 },
    says: 'One POST of a client; a larger one is answered with 413.',
  },
  maxClientBatch: {
    ...{ unit: 'count', default: 100 },
    says: 'Messages in one POST, for clients of revision 2025-03-26, which may batch.',
  },
  maxClientSessions: {
    ...{ unit: 'count', default: 1_000 },
    says: 'Client sessions over HTTP; the longest idle one makes room, and when none is idle a new one gets 503.',
  },
  clientSessionIdleMs: {
    ...{ unit: 'ms', default: 1_800_000 },
    says: 'A session without an open exchange or stream for so long is ended; its client then gets 404 and starts anew.',
  },
  maxSubscriptions: {
    ...{ unit: 'count', default: 1_000 },
    says: 'Resources that one client may be subscribed to.',
  },
  maxOwnSessions: {
    ...{ unit: 'count', default: 100 },
    says: 'Sessions of single clients with one backend; further clients share one, and cannot be asked anything.',
  },
  maxAskMs: {
    ...{ unit: 'ms', default: 600_000 },
    says: 'How long a client may take over a request of a backend; people are asked.',
  },
  maxConnectMs: {
    ...{ unit: 'ms', default: 10_000 },
    says: 'How long making a connection to a backend over HTTP may take, TLS included.',
  },
  maxMessageBytes: {
    ...{ unit: 'bytes', default: 16_777_216 },
    says: "One message of a backend: a JSON body, the data of one SSE event, one line of a child's stdout.",
  },
  maxDepth: {
    ...{ unit: 'count', default: 1_000 },
    says: 'Levels of arrays and objects in one message, itself counted, to or from a backend.',
  },
  maxBatch: {
    ...{ unit: 'count', default: 1_000 },
    says: 'Messages in one batch of a backend; a larger one is refused whole.',
  },
  maxNotificationsPerSecond: {
    ...{ unit: 'count', default: 1_000 },
    says: 'Notifications of a backend passed on in one second, progress too; the rest is dropped.',
  },
  maxServerRequests: {
    ...{ unit: 'count', default: 16 },
    says: 'Requests of a backend to us, or to the client behind us, that are out at once; more are dropped.',
  },
  maxPages: {
    ...{ unit: 'count', default: 100 },
    says: 'Pages read of one list of a backend; one that goes on is cut there, with a warning.',
  },
  maxItems: {
    ...{ unit: 'count', default: 2_000 },
    says: 'Entries kept of one list of a backend; the rest is dropped, with a warning.',
  },
  maxEnumerationMs: {
    ...{ unit: 'ms', default: 30_000 },
    says: 'How long reading the whole catalog of a backend may take.',
  },
  refreshGapMs: {
    ...{ unit: 'ms', default: 1_000 },
    says: 'Least time between two readings of a catalog that list_changed asked for.',
  },
  maxLogLineBytes: {
    ...{ unit: 'bytes', default: 4_096 },
    says: "One line of a child's stderr in the log; the rest of it is dropped.",
  },
  maxLogLinesPerSecond: {
    ...{ unit: 'count', default: 20 },
    says: "Lines of a child's stderr, and warnings about one backend, that reach the log in one second.",
  },
  maxRetryAfterMs: {
    ...{ unit: 'ms', default: 3_600_000 },
    says: 'Longest Retry-After of a backend that is believed.',
  },
  maxSilentChecks: {
    ...{ unit: 'count', default: 3 },
    says: 'Health checks in a row without any sign of life, after which a session is replaced, its process too.',
  },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;
export const LIMIT_NAMES = Object.keys(LIMITS) as LimitName[];

/** A value for each. */
export type Limits = Readonly<Record<LimitName, number>>;

export const DEFAULT_LIMITS = Object.fromEntries(
  LIMIT_NAMES.map((name) => [name, LIMITS[name].default]),
) as Limits;
