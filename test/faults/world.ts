import { expect, onTestFinished } from 'vitest';
import { logEvent } from '../../src/cli/event-report.js';
import { parseConfig } from '../../src/config/load.js';
import type { EngineEvent } from '../../src/engine/events.js';
import { createHttpServer } from '../../src/http/server.js';
import type { Log } from '../../src/logging/log.js';
import { createVmcp } from '../../src/vmcp.js';
import { configuration } from '../e2e/served.js';
import { RawClient } from '../gateway/wire.js';
import type { Wired } from '../gateway/wire.js';
import { ScriptedServer } from '../session/scripted-server.js';
import { until } from '../session/session-probe.js';

/** What a call that meets a fault comes to. */
export interface Expected {
  readonly category: string;
  readonly reason: string | RegExp;
  /** Generous: what matters is that it is not the time limit of the call, or not much more than that. */
  readonly withinMs?: number;
}

interface Options {
  /** Time limit of a call to the backend called hostile. */
  readonly timeout?: string;
  readonly failureHandling?: object;
}

export interface LogLine {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** What a call took, and what its caller read. */
export interface Answered {
  readonly answer: Wired;
  readonly tookMs: number;
}

const HOSTILE = 'hostile';
const PROMPT_MS = 1_500;
/** Calls to the neighbour are made this far apart. */
const WATCH_EVERY_MS = 5;

/**
 * A whole gateway in this process, over a backend called `hostile` and a healthy neighbour, with everything that is
 * logged and emitted. One failure opens a circuit, so that each can be seen. When the test is over the gateway is
 * stopped, and the neighbour may have no socket left.
 */
export async function world(hostile: object, { timeout = '5s', failureHandling = {} }: Options = {}) {
  const neighbour = await ScriptedServer.start();
  const backends = [
    { name: HOSTILE, ...hostile },
    { name: 'healthy', transport: 'streamable-http', url: neighbour.url },
  ];
  const operational = {
    timeouts: { default: '10s', perWorkload: { [HOSTILE]: timeout } },
    failureHandling: {
      partialFailureMode: 'best_effort',
      healthCheckInterval: '1h',
      healthCheckTimeout: '20s',
      circuitBreaker: { enabled: true, failureThreshold: 1, timeout: '60s' },
      ...failureHandling,
    },
  };
  const lines: LogLine[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: { ...fields }, message });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const config = parseConfig(configuration(backends, {}, { operational }), 'vmcp.yaml', { env: {} });
  const vmcp = createVmcp(config, { log, version: '1' });
  const http = createHttpServer({ vmcp, name: 'x', groupRef: 'x', version: '1', log });
  const events: EngineEvent[] = [];
  vmcp.subscribe((event) => {
    events.push(event);
    logEvent(log, event);
  });
  const base = await http.listen(0, '127.0.0.1');
  onTestFinished(async () => {
    await vmcp.stop(200);
    await http.close();
    await until(() => neighbour.sockets.size === 0, 'the neighbour has no socket left');
  });
  vmcp.start();
  const client = await RawClient.open(new URL(`${base}/mcp`));
  return new World(vmcp, base, client, neighbour, lines, events);
}

export class World {
  #id = 0;

  constructor(
    readonly vmcp: ReturnType<typeof createVmcp>,
    readonly base: string,
    readonly client: RawClient,
    readonly neighbour: ScriptedServer,
    readonly lines: readonly LogLine[],
    readonly events: readonly EngineEvent[],
  ) {}

  backend(name = HOSTILE) {
    const found = this.vmcp.status().backends.find((backend) => backend.name === name);
    if (found === undefined) throw new Error(`${name} is not in the status`);
    return found;
  }

  pid(): number {
    const pid = this.vmcp.backends().find(({ name }) => name === HOSTILE)?.pid;
    if (pid === undefined) throw new Error('the hostile backend has no process');
    return pid;
  }

  /** Waits until backends are healthy; both, unless they are named. */
  async healthy(...names: string[]): Promise<this> {
    const wanted = names.length === 0 ? [HOSTILE, 'healthy'] : names;
    await until(
      () => wanted.every((name) => this.backend(name).health === 'healthy'),
      `${wanted.join(', ')} healthy`,
    );
    return this;
  }

  ask(method: string, params: object = {}): Promise<Wired> {
    return this.client.ask(method, params, (this.#id += 1));
  }

  async call(tool = `${HOSTILE}_echo`, args: object = {}): Promise<Answered> {
    const from = performance.now();
    const answer = await this.ask('tools/call', { name: tool, arguments: args });
    return { answer, tookMs: performance.now() - from };
  }

  async tools(): Promise<readonly string[]> {
    const { result } = await this.ask('tools/list');
    return (result?.['tools'] as { name: string }[]).map(({ name }) => name);
  }

  /** The circuit's changes, as `closed → open`. */
  circuit(name = HOSTILE): readonly string[] {
    return this.events.flatMap((event) =>
      event.type === 'circuit.changed' && event.backend === name ? [`${event.from} → ${event.to}`] : [],
    );
  }

  /** The same, as the log tells it. */
  logged(name = HOSTILE): readonly string[] {
    return this.lines
      .filter(({ fields }) => fields['event'] === 'circuit.changed' && fields['backend'] === name)
      .map(({ message }) => message);
  }

  /** Calls the neighbour until the returned function is called, which fails if any call did. */
  watch(): () => Promise<void> {
    const over = new AbortController();
    const watched = (async () => {
      let calls = 0;
      do {
        const { answer, tookMs } = await this.call('healthy_echo', { calls });
        expect(answer.result).toMatchObject({ content: [{ text: JSON.stringify({ calls }) }] });
        expect(tookMs).toBeLessThan(PROMPT_MS);
        calls += 1;
        await new Promise((resolve) => setTimeout(resolve, WATCH_EVERY_MS));
      } while (!over.signal.aborted);
      expect(this.backend('healthy')).toMatchObject({ health: 'healthy', circuit: 'closed', restarts: 0 });
    })();
    // Should the test fail first, its own error is the one to be shown.
    watched.catch(() => undefined);
    return () => {
      over.abort();
      return watched;
    };
  }

  /**
   * Makes one call that meets a fault: it is settled once, in time, with its class; the circuit opens, which is
   * emitted and logged once, and shown; and the neighbour does not notice.
   */
  async meet(
    { category, reason, withinMs = PROMPT_MS }: Expected,
    tool?: string,
    args?: object,
  ): Promise<void> {
    const { calls: before } = this.backend();
    const unmoved = this.watch();
    const { answer, tookMs } = await this.call(tool, args);
    expect(answer.result).toMatchObject({
      isError: true,
      _meta: {
        'breakwater/unavailable': {
          backend: HOSTILE,
          code: 'CALL_FAILED',
          category,
          reason: expect.stringMatching(reason) as string,
        },
      },
    });
    expect(tookMs).toBeLessThan(withinMs);
    const { calls, lastErrorCategory, circuit } = this.backend();
    expect(calls).toMatchObject({ admitted: before.admitted + 1, failed: before.failed + 1, inFlight: 0 });
    expect({ lastErrorCategory, circuit }).toEqual({ lastErrorCategory: category, circuit: 'open' });
    expect(this.circuit()).toEqual(['closed → open']);
    expect(this.logged()).toEqual(['circuit closed → open']);
    await unmoved();
  }
}
