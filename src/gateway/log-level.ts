import type { GatewayBackend } from './backend.js';

/** From the most verbose. Source: MCP specification, Logging (RFC 5424 section 6.2.1). */
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

export type LogLevel = (typeof LEVELS)[number];

export function parseLogLevel(value: unknown): LogLevel | undefined {
  return LEVELS.find((level) => level === value);
}

/** The list of levels, for an error message. */
export const LOG_LEVELS: string = LEVELS.join(', ');

/** Whether a client that asked for `wanted` and above gets a message of this level. */
export function passesLevel(level: unknown, wanted: LogLevel): boolean {
  const parsed = parseLogLevel(level);
  return parsed !== undefined && LEVELS.indexOf(parsed) >= LEVELS.indexOf(wanted);
}

export function mostVerbose(levels: readonly LogLevel[]): LogLevel | undefined {
  return LEVELS.find((level) => levels.includes(level));
}

/** Tells backends which log messages are wanted: the most verbose wish of all clients, again after every outage. */
export class BackendLogLevels {
  readonly #told = new Map<GatewayBackend, LogLevel>();
  readonly #stop = new AbortController();

  /** Sends what has not been sent yet. Nothing is sent before a client asks for a level. */
  sync(backends: readonly GatewayBackend[], wanted: LogLevel | undefined): void {
    for (const backend of backends) {
      if (!backend.advertised) this.#told.delete(backend);
      else if (wanted && this.#told.get(backend) !== wanted && logs(backend)) {
        this.#told.set(backend, wanted);
        void backend.call(
          { method: 'logging/setLevel', params: { level: wanted } },
          { signal: this.#stop.signal },
        );
      }
    }
  }

  close(): void {
    this.#stop.abort();
  }
}

function logs({ catalog }: GatewayBackend): boolean {
  return catalog?.capabilities['logging'] !== undefined;
}
