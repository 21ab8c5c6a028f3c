import type { Introduction } from './handshake.js';
import type { SessionLimits } from './session-limits.js';

/** How a backend is reached. */
export type Connection =
  | {
      readonly transport: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      /** Added to the few variables that are always inherited (`PATH`, `HOME`, …); nothing else is. */
      readonly env: Readonly<Record<string, string>>;
      readonly cwd?: string;
    }
  | {
      readonly transport: 'streamable-http' | 'sse';
      /** Absolute, http or https. */
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    };

export interface SessionSettings {
  readonly name: string;
  readonly connection: Connection;
  /** Whether outgoing authentication is configured: then 401 and 403 are no evidence against the backend. */
  readonly hasAuth: boolean;
  readonly limits?: Partial<SessionLimits>;
  /** Our own version, as told to the backend. */
  readonly clientVersion?: string;
  /** The one client that this session is for; default: ourselves, for all of them, and its catalog is read. */
  readonly client?: Introduction;
}
