import { setMaxListeners } from 'node:events';
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

/** Tells backends which log messages are wanted: the most verbose wish of all clients, again to every new session. */
export class BackendLogLevels {
  readonly #told = new Map<GatewayBackend, LogLevel>();
  readonly #stop = new AbortController();

  constructor() {
    // Every backend that is being told listens to it.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Sends what has not been sent yet. Nothing is sent before a client asks for a level. */
  sync(backends: readonly GatewayBackend[], wanted: LogLevel | undefined): void {
    for (const backend of backends) {
      if (!backend.advertised) this.#told.delete(backend);
      else if (wanted && this.#told.get(backend) !== wanted && logs(backend)) {
        void this.#tell(backend, wanted);
      }
    }
  }

  /** A new session knows no level. */
  forget(backend: GatewayBackend): void {
    this.#told.delete(backend);
  }

  close(): void {
    this.#stop.abort();
  }

  async #tell(backend: GatewayBackend, level: LogLevel): Promise<void> {
    this.#told.set(backend, level);
    const request = { method: 'logging/setLevel', params: { level } };
    const { kind } = await backend.call(request, { signal: this.#stop.signal });
    // It has not heard it: it is told when something changes next.
    if (kind === 'unavailable' && this.#told.get(backend) === level) this.#told.delete(backend);
  }
}

function logs({ catalog }: GatewayBackend): boolean {
  return catalog?.capabilities['logging'] !== undefined;
}
