import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { HealthReport } from '../../src/http/health-report.js';
import type { StatusReport } from '../../src/http/status-report.js';
import { kill, launch, ROOT, until } from './processes.js';

/** One line of the gateway's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A folder that is gone after the test run. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The parts of a configuration that the tests do not vary. */
export function configuration(backends: object[], failureHandling: object, rest: object = {}): string {
  return JSON.stringify({
    name: 'e2e',
    groupRef: 'e2e',
    incomingAuth: { type: 'anonymous' },
    outgoingAuth: { source: 'inline', default: { type: 'unauthenticated' } },
    aggregation: {
      conflictResolution: 'prefix',
      conflictResolutionConfig: { prefixFormat: '{workload}_' },
    },
    operational: {
      timeouts: { default: '10s' },
      failureHandling: { partialFailureMode: 'best_effort', ...failureHandling },
    },
    backends,
    ...rest,
  });
}

/** `breakwater serve` as a process of its own, and what can be seen of it from outside. */
export class Served {
  readonly log: LogLine[] = [];
  /** What it wrote to stdout. */
  stdout = '';
  base = '';

  private constructor(readonly process: ChildProcess) {
    const { stdout, stderr } = process;
    if (!stdout || !stderr) throw new Error('its output is not piped');
    stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    createInterface({ input: stderr }).on('line', (line) => this.log.push(JSON.parse(line) as LogLine));
  }

  /** Serves a configuration on a free port, and waits until it listens. */
  static async start(
    config: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Served> {
    const file = join(temporaryFolder(), 'vmcp.yaml');
    writeFileSync(file, config);
    const command = [join(ROOT, 'dist/src/main.js'), 'serve', '--config', file, '--port', '0', ...args];
    const served = new Served(launch(command, env, 'pipe'));
    const line = await until('the gateway listens', () => served.find('listening'));
    served.base = String(line['url']).replace(/\/mcp$/, '');
    return served;
  }

  find(msg: string): LogLine | undefined {
    return this.log.find((line) => line.msg === msg);
  }

  /** Log lines of the engine's events about one backend, in order: `circuit closed → open`. */
  changes(backend: string, type = 'circuit.changed'): readonly LogLine[] {
    return this.log.filter((line) => line['event'] === type && line['backend'] === backend);
  }

  /** Waits for a change of the circuit. */
  circuit(backend: string, to: string, patienceMs?: number): Promise<LogLine> {
    return until(
      `the circuit of ${backend} is ${to}`,
      () => {
        const last = this.changes(backend).at(-1);
        return last?.['to'] === to ? last : undefined;
      },
      patienceMs,
    );
  }

  async status(): Promise<StatusReport> {
    return (await (await fetch(`${this.base}/status`)).json()) as StatusReport;
  }

  async backend(name: string): Promise<StatusReport['backends'][number]> {
    const found = (await this.status()).backends.find((backend) => backend.name === name);
    if (!found) throw new Error(`${name} is not in /status`);
    return found;
  }

  async health(): Promise<HealthReport> {
    return (await (await fetch(`${this.base}/api/backends/health`)).json()) as HealthReport;
  }

  /** Waits until every backend serves, or those that are named. */
  serving(...names: string[]): Promise<unknown> {
    return until(`${names.join(', ') || 'every backend'} serves`, async () => {
      const { backends } = await this.status();
      return backends.every(({ name, serving }) => serving || (names.length > 0 && !names.includes(name)));
    });
  }

  client(): Promise<Caller> {
    return Caller.connect(this.base);
  }

  /** Sends a signal and waits for the end. */
  async end(
    signal: NodeJS.Signals = 'SIGTERM',
  ): Promise<{ readonly code: number | null; readonly tookMs: number }> {
    const from = performance.now();
    const ended = once(this.process, 'exit') as Promise<[number | null]>;
    this.process.kill(signal);
    const [code] = await ended;
    return { code, tookMs: performance.now() - from };
  }

  /** For the end of a test, whatever became of it. */
  async destroy(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGTERM');
      await until('the gateway ends', () => this.process.exitCode !== null, 12_000).catch(() => undefined);
    }
    await kill(this.process);
  }
}

/** One MCP client of the gateway, connected all along; the SDK's own. */
export class Caller {
  /** Kinds of `list_changed` in the order in which they came. */
  readonly notices: string[] = [];

  private constructor(readonly client: Client) {
    const note = (kind: string) => (): void => void this.notices.push(kind);
    client.setNotificationHandler(ToolListChangedNotificationSchema, note('tools'));
    client.setNotificationHandler(ResourceListChangedNotificationSchema, note('resources'));
    client.setNotificationHandler(PromptListChangedNotificationSchema, note('prompts'));
  }

  static async connect(base: string): Promise<Caller> {
    const caller = new Caller(new Client({ name: 'e2e', version: '1.0.0' }));
    await caller.client.connect(new StreamableHTTPClientTransport(new URL(`${base}/mcp`)));
    return caller;
  }

  async tools(): Promise<readonly string[]> {
    return (await this.client.listTools()).tools.map(({ name }) => name);
  }

  /** One call, its text, whether it is an error, its `_meta`, and how long it took. */
  async call(
    name: string,
    args: Record<string, unknown> = {},
  ): Promise<{
    readonly text: string;
    readonly isError: boolean;
    readonly unavailable: Record<string, unknown> | undefined;
    readonly tookMs: number;
  }> {
    const from = performance.now();
    const { content, isError, _meta } = await this.client.callTool({ name, arguments: args });
    const [first] = content as { text?: string }[];
    return {
      text: first?.text ?? '',
      isError: isError === true,
      unavailable: _meta?.['breakwater/unavailable'] as Record<string, unknown> | undefined,
      tookMs: performance.now() - from,
    };
  }

  /** How many notices of one kind have come. */
  count(kind: 'tools' | 'resources' | 'prompts'): number {
    return this.notices.filter((notice) => notice === kind).length;
  }
}
