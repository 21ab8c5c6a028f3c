import type { Failure } from '../../machines/failure.js';
import type { Log } from '../logging/log.js';
import type { Caller, OnQuestion } from './caller.js';
import type { Catalog } from './catalog.js';

/** What a backend session tells the world, and asks it. */
export interface SessionHooks {
  readonly log: Log;
  /** A live session ended by itself. Once per loss, never for `close`. */
  onLost(failure: Failure): void;
  /** Something that may be a sign of trouble, e.g. the standalone stream ended: worth a health check now. */
  onSuspect(): void;
  /** The first catalog, and each that differs from the one before. */
  onCatalog(catalog: Catalog): void;
  /**
   * Whether the backend may be asked for something that nobody waits for, now. Where it may not, that is asked with the
   * next health check. Default: always.
   */
  admits?(): boolean;
  /** Whether a session, or a stream of one, may be opened now (`mayConnect` of the policy). Default: always. */
  mayConnect?(): boolean;
  /** A session has been opened, the first or another. */
  onOpened?(): void;
  /**
   * What the backend says unasked, but for progress and `list_changed`.
   * @param caller whose request it was said with, where that can be told
   */
  onNotification(method: string, params: Readonly<Record<string, unknown>>, caller: Caller | undefined): void;
  /** The backend asks something, other than a ping. Absent: it is told that we do not know the method. */
  readonly onQuestion?: OnQuestion;
}
