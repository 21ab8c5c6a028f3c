import { toObserver } from 'xstate';
import type { AnyActorRef, InspectionEvent, Observer, Snapshot } from 'xstate';

/** Any inspector of XState, e.g. one of `@statelyai/inspect`, or a function. */
export type Inspector = Observer<InspectionEvent> | ((event: InspectionEvent) => void);

/** Shows one root actor, and all below it, to whoever watches. Returns the way to stop. */
type Follow = (root: AnyActorRef) => () => void;

/**
 * Those who watch the actors themselves. XState makes each step several times dearer while somebody does, so that
 * nothing is attached to an actor before.
 */
export class Inspection {
  readonly #roots = new Set<AnyActorRef>();
  readonly #watchers = new Map<Follow, (() => void)[]>();

  /** @param onError is told what an inspector throws; an actor that it reached would hang for ever (xstate 5.33) */
  constructor(private readonly onError: (error: unknown) => void) {}

  /** One more root actor; it has not been started. */
  add(root: AnyActorRef): void {
    this.#roots.add(root);
    for (const [follow, ends] of this.#watchers) ends.push(follow(root));
  }

  /**
   * Shows an inspector every actor there is, with the snapshot it has, and everything from now on. Returns the way to
   * stop; doing so twice changes nothing.
   * @throws {TypeError} it is neither a function nor an observer
   */
  attach(inspector: Inspector): () => void {
    const { next: show } = toObserver(inspector);
    if (!show) {
      throw new TypeError(
        'an inspector is a function or has a `next`; of @statelyai/inspect it is `inspector.inspect`',
      );
    }
    const next = (event: InspectionEvent) => {
      try {
        show(event);
      } catch (error) {
        this.onError(error);
      }
    };
    const follow: Follow = (root) => {
      introduce(root, root.sessionId, next);
      const subscription = root.system.inspect({ next });
      return () => {
        subscription.unsubscribe();
      };
    };
    this.#watchers.set(follow, [...this.#roots].map(follow));
    return () => {
      for (const end of this.#watchers.get(follow) ?? []) end();
      this.#watchers.delete(follow);
    };
  }
}

/** What XState says of an actor that begins is said of one that is there, and of all below it. */
function introduce(actorRef: AnyActorRef, rootId: string, next: (event: InspectionEvent) => void): void {
  const snapshot = actorRef.getSnapshot() as Snapshot<unknown> & {
    readonly children?: Readonly<Record<string, AnyActorRef>>;
  };
  next({ type: '@xstate.actor', actorRef, rootId });
  next({ type: '@xstate.snapshot', actorRef, rootId, event: { type: 'xstate.init' }, snapshot });
  for (const child of Object.values(snapshot.children ?? {})) introduce(child, rootId, next);
}
