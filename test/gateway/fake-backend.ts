import type { Aggregation, WorkloadTools } from '../../src/config/config.js';
import { NO_OWN_SESSIONS } from '../../src/gateway/backend.js';
import type {
  Answer,
  BackendRequest,
  CallOptions,
  Client,
  GatewayBackend,
  OwnSessions,
  Unavailable,
} from '../../src/gateway/backend.js';
import type { Exchange } from '../../src/gateway/handlers.js';
import type { GatewaySettings } from '../../src/gateway/settings.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import type { Catalog } from '../../src/session/catalog.js';

type Script = (request: BackendRequest, options: CallOptions) => Answer | Promise<Answer>;

/** A backend that stands as the test says, and records what reaches it. */
export class FakeBackend implements GatewayBackend {
  catalog: Catalog | undefined;
  heard = true;
  advertised = true;
  outage: Unavailable | undefined;
  /** Only what reached it: no call during an outage, or one that was cancelled before. */
  readonly calls: { readonly request: BackendRequest; readonly options: CallOptions }[] = [];
  own: OwnSessions = NO_OWN_SESSIONS;
  readonly #hanging = new Set<(answer: Answer) => void>();
  script: Script = ({ method, params }) => ({ kind: 'result', result: { from: this.name, method, params } });

  /** @param catalog none: not heard from yet */
  constructor(
    readonly name: string,
    catalog?: Catalog,
  ) {
    this.catalog = catalog;
    if (!catalog) this.heard = this.advertised = false;
  }

  unavailable(): Unavailable | undefined {
    return this.outage;
  }

  async call(request: BackendRequest, options: CallOptions): Promise<Answer> {
    if (options.signal.aborted) return { kind: 'cancelled' };
    if (this.outage) return { kind: 'unavailable', unavailable: this.outage };
    this.calls.push({ request, options });
    return this.script(request, options);
  }

  fall(rest: Partial<Unavailable> = {}): void {
    this.advertised = false;
    this.outage = {
      backend: this.name,
      code: 'CIRCUIT_OPEN',
      reason: 'its circuit is open',
      category: 'timeout',
      retryAfterMs: 11_001,
      ...rest,
    };
  }

  rise(catalog = this.catalog): void {
    this.catalog = catalog;
    this.heard = this.advertised = true;
    this.outage = undefined;
  }

  /** From now on calls end only when they are aborted, which is counted, or let go. */
  hang(): { aborted: number } {
    const count = { aborted: 0 };
    this.script = (_, { signal }) =>
      new Promise((resolve) => {
        this.#hanging.add(resolve);
        signal.addEventListener('abort', () => {
          count.aborted += 1;
          resolve({ kind: 'cancelled' });
        });
      });
    return count;
  }

  /** Answers every call that hangs. */
  letGo(answer: Answer = { kind: 'cancelled' }): void {
    for (const resolve of this.#hanging) resolve(answer);
    this.#hanging.clear();
  }
}

/** A client that nobody can ask anything, for calls of which nobody cares whose they are. */
const NOBODY: Client = {
  info: {},
  capabilities: {},
  logLevel: undefined,
  ask: () => Promise.resolve({ kind: 'error', code: -32_603, message: 'nobody is there' }),
  tell: () => undefined,
};

/** A call that nobody ends. */
export function exchange(part: Partial<Exchange> = {}): Exchange {
  const { signal } = new AbortController();
  return { signal, onProgress: undefined, client: NOBODY, caller: NOBODY, ...part };
}

export function catalog(part: Partial<Catalog> = {}): Catalog {
  return {
    tools: [],
    resources: [],
    resourceTemplates: [],
    prompts: [],
    capabilities: {},
    serverInfo: { name: 'fake', version: '1' },
    revision: '2025-11-25',
    ...part,
  };
}

/** A catalog of tools with these names. */
export function tools(...names: string[]): Catalog {
  return catalog({ tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })) });
}

export function aggregation(part: Partial<Aggregation> = {}): Aggregation {
  return {
    strategy: 'prefix',
    prefixFormat: '{workload}_',
    priorityOrder: [],
    tools: [],
    excludeAllTools: false,
    defaultToolVisibility: 'allow',
    unavailable: 'hide',
    ...part,
  };
}

/** One entry of `aggregation.tools`. */
export function workload(
  name: string,
  part: Partial<Omit<WorkloadTools, 'overrides'>> & { overrides?: [string, object][] } = {},
): WorkloadTools {
  const overrides = Object.create(null) as Record<string, WorkloadTools['overrides'][string]>;
  for (const [tool, override] of part.overrides ?? []) {
    overrides[tool] = { name: undefined, description: undefined, annotations: undefined, ...override };
  }
  return { workload: name, filter: undefined, excludeAll: false, ...part, overrides };
}

export function settings(part: Partial<Aggregation> = {}, rest: Partial<GatewaySettings> = {}) {
  const whole: GatewaySettings = {
    name: 'gateway',
    version: '1.2.3',
    aggregation: aggregation(part),
    partialFailureMode: 'best_effort',
    limits: DEFAULT_LIMITS,
    ...rest,
  };
  return whole;
}
