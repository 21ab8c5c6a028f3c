import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, ROOT } from '../../e2e/processes.js';
import { configuration, temporaryFolder } from '../../e2e/served.js';
import { Probed, script } from './processes.js';
import type { Target } from './processes.js';

/** What a way leads to: a server at an address, or a program to be started. */
export type Backend =
  | { readonly name: string; readonly url: string }
  | { readonly name: string; readonly command: readonly string[] };

/** One way to some backends, started. */
export interface Running {
  /** Of the tool `echo` of one backend. */
  target(backend: string): Target;
  readonly processes: readonly Probed[];
  end(): Promise<void>;
}

/** A way to backends: none at all, ours, or another gateway. Starting does not wait until it answers. */
export type Contender = (backends: readonly Backend[]) => Promise<Running>;

/** Gone when all is done. */
const SCRATCH = temporaryFolder();
const folderOf = (way: string): string => mkdtempSync(join(SCRATCH, `${way}-`));

const at = (port: number): string => `http://127.0.0.1:${port}/mcp`;

/** One process in front of all backends. */
async function gateway(
  backends: readonly Backend[],
  start: (port: number, backends: readonly Backend[]) => Probed,
  toolOf: (backend: string) => string,
  front?: 'sse',
): Promise<Running> {
  const port = await freePort();
  const process = start(port, backends);
  return {
    target: (name) => ({ url: at(port), tool: toolOf(name), ...(front && { front }) }),
    processes: [process],
    end: () => process.end(),
  };
}

/** One process in front of each backend. */
async function each(
  backends: readonly Backend[],
  start: (port: number, backend: Backend) => Probed,
): Promise<Running> {
  const started = new Map<string, { port: number; process: Probed }>();
  for (const backend of backends) {
    const port = await freePort();
    started.set(backend.name, { port, process: start(port, backend) });
  }
  const processes = [...started.values()].map(({ process }) => process);
  return {
    target: (name) => ({ url: at(started.get(name)?.port ?? NaN), tool: 'echo' }),
    processes,
    end: async () => {
      await Promise.all(processes.map((process) => process.end()));
    },
  };
}

export const direct: Contender = (backends) =>
  Promise.resolve({
    target: (name) => {
      const backend = backends.find((one) => one.name === name);
      if (!backend) throw new Error(`there is no backend ${name}`);
      return { ...backend, tool: 'echo' };
    },
    processes: [],
    end: () => Promise.resolve(),
  });

/** @param failureHandling beside what the example in README has */
export const breakwater =
  (failureHandling: object = {}): Contender =>
  (backends) =>
    gateway(
      backends,
      (port) => {
        const file = join(folderOf('breakwater'), 'vmcp.yaml');
        const entries = backends.map((backend) => {
          if ('url' in backend) return { ...backend, transport: 'streamable-http' };
          const [command, ...args] = backend.command;
          return { name: backend.name, transport: 'stdio', command, args };
        });
        const circuitBreaker = { enabled: true, failureThreshold: 3, timeout: '30s' };
        writeFileSync(file, configuration(entries, { circuitBreaker, ...failureHandling }));
        return Probed.start([
          join(ROOT, 'dist/src/main.js'),
          'serve',
          '--config',
          file,
          '--port',
          String(port),
        ]);
      },
      (name) => `${name}_echo`,
    );

export const naive: Contender = (backends) =>
  gateway(
    backends,
    (port) => {
      const specs = backends.map(
        (backend) => `${backend.name}=${'url' in backend ? backend.url : JSON.stringify(backend.command)}`,
      );
      return Probed.start([script('naive-proxy.mjs'), String(port), ...specs]);
    },
    (name) => `${name}_echo`,
  );

export const bytes: Contender = (backends) =>
  each(backends, (port, backend) => {
    if (!('url' in backend)) throw new Error('it passes on HTTP');
    return Probed.start([script('byte-proxy.mjs'), String(port), backend.url]);
  });

export const civic =
  (program: string): Contender =>
  (backends) =>
    each(backends, (port, backend) => {
      if (!('url' in backend)) throw new Error('it passes on HTTP');
      const { origin, pathname } = new URL(backend.url);
      const env = {
        TARGET_SERVER_URL: origin,
        TARGET_SERVER_MCP_PATH: pathname,
        SOURCE_SERVER_MCP_PATH: '/mcp',
      };
      return Probed.start([program], { ...env, PORT: String(port), LOG_LEVEL: 'error' });
    });

export const hub =
  (program: string): Contender =>
  (backends) =>
    gateway(
      backends,
      (port) => {
        const folder = folderOf('hub');
        const file = join(folder, 'servers.json');
        const entries = backends.map((backend) => {
          if ('url' in backend) return [backend.name, { url: backend.url }] as const;
          const [command, ...args] = backend.command;
          return [backend.name, { command, args }] as const;
        });
        writeFileSync(file, JSON.stringify({ mcpServers: Object.fromEntries(entries) }));
        // It writes its log and state below these.
        const homes = {
          HOME: folder,
          XDG_STATE_HOME: folder,
          XDG_CONFIG_HOME: folder,
          XDG_DATA_HOME: folder,
        };
        return Probed.start([program, '--port', String(port), '--config', file], homes);
      },
      (name) => `${name}__echo`,
      'sse',
    );

export const mcpProxy =
  (program: string): Contender =>
  (backends) =>
    each(backends, (port, backend) => {
      if (!('command' in backend)) throw new Error('it starts programs');
      const options = ['--port', String(port), '--host', '127.0.0.1', '--server', 'stream'];
      return Probed.start([program, ...options, '--', ...backend.command]);
    });

export const supergateway =
  (program: string): Contender =>
  (backends) =>
    each(backends, (port, backend) => {
      if (!('command' in backend)) throw new Error('it starts programs');
      const options = ['--outputTransport', 'streamableHttp', '--stateful', '--logLevel', 'none'];
      const command = backend.command.map((word) => `'${word}'`).join(' ');
      return Probed.start([program, '--stdio', command, '--port', String(port), ...options]);
    });
