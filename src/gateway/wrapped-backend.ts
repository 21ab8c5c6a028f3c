import type { Catalog } from '../session/catalog.js';
import type {
  Answer,
  BackendRequest,
  CallOptions,
  GatewayBackend,
  OwnSessions,
  Unavailable,
} from './backend.js';

/** A backend around another one: its calls go another way, and everything else is the other's. */
export abstract class WrappedBackend implements GatewayBackend {
  constructor(protected readonly backend: GatewayBackend) {}

  get name(): string {
    return this.backend.name;
  }

  get catalog(): Catalog | undefined {
    return this.backend.catalog;
  }

  get heard(): boolean {
    return this.backend.heard;
  }

  get advertised(): boolean {
    return this.backend.advertised;
  }

  get own(): OwnSessions {
    return this.backend.own;
  }

  unavailable(): Unavailable | undefined {
    return this.backend.unavailable();
  }

  abstract call(request: BackendRequest, options: CallOptions): Promise<Answer>;
}
