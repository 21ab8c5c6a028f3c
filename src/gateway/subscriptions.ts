import type { Client, GatewayBackend } from './backend.js';

type Params = Readonly<Record<string, unknown>>;

/** Who wants to be told of the updates of which resources, and of which backend they are. */
export class Subscriptions {
  readonly #wanted = new Map<Client, Map<string, GatewayBackend>>();

  /** @param most how many each client may have */
  constructor(readonly most: number) {}

  /** Whether the client may subscribe to this one, or has done so already. */
  hasRoom(client: Client, uri: string): boolean {
    const own = this.#wanted.get(client);
    return own === undefined || own.size < this.most || own.has(uri);
  }

  add(client: Client, backend: GatewayBackend, uri: string): void {
    const own = this.#wanted.get(client) ?? new Map<string, GatewayBackend>();
    this.#wanted.set(client, own.set(uri, backend));
  }

  /** @returns the backend, where it is to be told: nobody else on the same session wants the updates */
  remove(client: Client, uri: string): GatewayBackend | undefined {
    const own = this.#wanted.get(client);
    const backend = own?.get(uri);
    own?.delete(uri);
    return backend && !this.#isWantedByOthers(backend, uri, client) ? backend : undefined;
  }

  /** The client is gone. @returns what the backends are to be told of it on the sessions that all share */
  end(client: Client): readonly { readonly backend: GatewayBackend; readonly uri: string }[] {
    const own = [...(this.#wanted.get(client) ?? [])];
    this.#wanted.delete(client);
    return own
      .map(([uri, backend]) => ({ uri, backend }))
      .filter(
        ({ backend, uri }) => !backend.own.isFor(client) && !this.#isWantedByOthers(backend, uri, client),
      );
  }

  /** What a new session of a backend has to be asked for once more: of this client's own, or of that which all share. */
  of(backend: GatewayBackend, client: Client | undefined): readonly string[] {
    const uris = new Set<string>();
    for (const [each, own] of this.#wanted) {
      if (client ? each !== client : backend.own.isFor(each)) continue;
      for (const [uri, from] of own) if (from === backend) uris.add(uri);
    }
    return [...uris];
  }

  /**
   * Passes an update on to those who want it. It may be of a part of what they subscribed to.
   * @param client the one over whose own session it came
   */
  updated(backend: GatewayBackend, params: Params, client: Client | undefined): void {
    const { uri } = params;
    if (typeof uri !== 'string') return;
    for (const [each, own] of this.#wanted) {
      if (client ? each !== client : backend.own.isFor(each)) continue;
      const isWanted = [...own].some(([wanted, from]) => from === backend && uri.startsWith(wanted));
      if (isWanted) each.tell('notifications/resources/updated', params);
    }
  }

  /** Whether another client on the same session wants them too. */
  #isWantedByOthers(backend: GatewayBackend, uri: string, client: Client): boolean {
    if (backend.own.isFor(client)) return false;
    return [...this.#wanted].some(
      ([each, own]) => each !== client && own.get(uri) === backend && !backend.own.isFor(each),
    );
  }
}
