import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { kill, ROOT } from '../../e2e/processes.js';

/** The processes of the benchmark. Each one that is started here ends with it at the latest. */

const HERE = import.meta.dirname;
const PROBE = join(HERE, 'probe.mjs');
/** Longer than anything that a process is asked for takes. */
const PATIENCE_MS = 60_000;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Where a script of the benchmark is. */
export const script = (name: string): string => join(HERE, name);

/** What can be looked at from inside: see `probe.mjs`. */
interface Probes {
  /** Bytes after all garbage is gone. */
  readonly memory: { readonly rss: number; readonly heap: number };
  /** Processor time since the start, in milliseconds. */
  readonly cpu: number;
  /** The longest time that the event loop was held since this was asked last, in milliseconds. */
  readonly holds: number;
}

/** A message of a process. */
type Said = Readonly<Record<string, unknown>>;

/** A Node process that can be asked about itself. */
export class Probed {
  private constructor(readonly child: ChildProcess) {}

  static start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Probed {
    const child = spawn(process.execPath, ['--expose-gc', '--import', PROBE, ...args], {
      env: { ...process.env, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      cwd: ROOT,
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    return new Probed(child);
  }

  async ask<Name extends keyof Probes>(probe: Name): Promise<Probes[Name]> {
    const answer = this.message((said) => said['probe'] === probe);
    this.child.send({ probe });
    return (await answer)['value'] as Probes[Name];
  }

  /** The next message that is meant. @throws Error when the process ends, or says nothing in time */
  message(isMeant: (said: Said) => boolean): Promise<Said> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const over = (): void => {
        clearTimeout(late);
        child.off('message', listen).off('exit', ended);
      };
      const fail = (why: string): void => {
        over();
        reject(new Error(why));
      };
      const listen = (said: unknown): void => {
        if (!isMeant(said as Said)) return;
        over();
        resolve(said as Said);
      };
      const ended = (): void => fail('a process has ended');
      const late = setTimeout(() => fail('a process says nothing'), PATIENCE_MS);
      child.on('message', listen).once('exit', ended);
    });
  }

  end(): Promise<void> {
    return kill(this.child);
  }
}

/** The servers of `server.mjs`, and where they are. */
export class Servers {
  private constructor(
    private readonly process: Probed,
    private readonly port: number,
  ) {}

  static async start(): Promise<Servers> {
    const probed = Probed.start([script('server.mjs'), 'http']);
    const said = await probed.message((message) => 'port' in message);
    return new Servers(probed, Number(said['port']));
  }

  /** @param path e.g. `1000`, for a server with so many tools */
  url(path?: string): string {
    return `http://127.0.0.1:${this.port}/${path === undefined ? '' : `${path}/`}mcp`;
  }

  end(): Promise<void> {
    return this.process.end();
  }
}

/** What calls are made to. */
export interface Target {
  readonly url?: string;
  /** Instead of an address: a program and its arguments. */
  readonly command?: readonly string[];
  readonly tool: string;
  /** Whose client makes them; its own lean one unless told otherwise. */
  readonly client?: 'lean' | 'sdk';
  /** What the other side speaks; Streamable HTTP unless told otherwise. */
  readonly front?: 'sse';
}

/** What `load.mjs` does, with what it takes and what it finds. */
interface Deeds {
  readonly calls: [
    { target: Target; inFlight: number; ms: number },
    { p50: number; p99: number; msPerCall: number; made: number },
  ];
  readonly paced: [{ targets: readonly Target[]; everyMs: number; ms: number }, readonly Lane[]];
  readonly greet: [{ targets: readonly Target[] }, null];
  readonly leave: [undefined, null];
  readonly pester: [{ target: Target; everyMs: number; atOnce: number }, null];
  readonly relent: [undefined, { calls: number }];
  readonly list: [
    { target: Target; times: number },
    { ms: number; tools: number; bytes: number; pages: number },
  ];
  readonly hold: [{ target: Target; count: number }, { count: number }];
  readonly drop: [undefined, null];
  readonly first: [
    { target: Target; sinceMs: number; patienceMs: number },
    { initialized: number; called: number },
  ];
}

export interface Lane {
  readonly calls: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Who makes the calls: a process of its own. */
export class Load {
  #lastId = 0;

  private constructor(private readonly process: Probed) {}

  static async start(): Promise<Load> {
    const process = Probed.start([script('load.mjs')]);
    await process.message((said) => 'ready' in said);
    return new Load(process);
  }

  /** @throws Error what went wrong over there */
  async do<What extends keyof Deeds>(what: What, args: Deeds[What][0]): Promise<Deeds[What][1]> {
    const id = ++this.#lastId;
    const answer = this.process.message((said) => said['id'] === id);
    this.process.child.send({ id, what, args });
    const { value, error } = await answer;
    if (typeof error === 'string') throw new Error(error);
    return value as Deeds[What][1];
  }

  end(): Promise<void> {
    return this.process.end();
  }
}
