import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, vi } from 'vitest';
import { runCli } from '../../src/cli/commands.js';
import type { CreateVmcp } from '../../src/cli/commands.js';
import type { Host } from '../../src/cli/run.js';
import { FakeVmcp } from '../http/fake-vmcp.js';

/** Keeps what is written to it. */
export class Recorder extends Writable {
  text = '';
  constructor(readonly isTTY: boolean) {
    super({ decodeStrings: false });
  }
  override _write(chunk: string, _: string, done: () => void): void {
    this.text += chunk;
    done();
  }
  lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
  /** The lines of a JSON log. */
  entries(): Record<string, unknown>[] {
    return this.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

/** A process of which everything is seen. */
export class FakeHost implements Host {
  readonly env: Record<string, string | undefined> = {};
  readonly stdin = new PassThrough();
  readonly stdout = new Recorder(false);
  readonly stderr: Recorder;
  readonly events = new EventEmitter();
  readonly exits: number[] = [];
  constructor({ isTerminal = false } = {}) {
    this.stderr = new Recorder(isTerminal);
  }
  exit(code: number): void {
    this.exits.push(code);
  }
}

/** Runs a command that needs no backends. */
export async function command(
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const host = new FakeHost();
  Object.assign(host.env, env);
  const loadCreateVmcp = () => Promise.reject(new Error('only serve may load what it serves with'));
  const code = await runCli(argv, { host, loadCreateVmcp });
  return { code, out: host.stdout.text, err: host.stderr.text };
}

const folder = mkdtempSync(join(tmpdir(), 'cli-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
let count = 0;

/** Writes a configuration to a file of its own. */
export function fileOf(text: string): string {
  const path = join(folder, `${(count += 1)}.yaml`);
  writeFileSync(path, text);
  return path;
}

export interface Serving {
  readonly host: FakeHost;
  readonly vmcp: FakeVmcp;
  /** What `serve` was given to serve with. */
  readonly created: Parameters<CreateVmcp>[];
  readonly exitCode: Promise<number>;
}

/** Starts `serve` with a virtual server that is none, and a free port unless `argv` says otherwise. */
export function serve(
  file: string,
  argv: readonly string[] = [],
  { isTerminal = false, vmcp = new FakeVmcp(), env = {} } = {},
): Serving {
  const host = new FakeHost({ isTerminal });
  Object.assign(host.env, env);
  const created: Parameters<CreateVmcp>[] = [];
  const port = argv.includes('--stdio') || argv.includes('--port') ? [] : ['--port', '0'];
  const exitCode = runCli(['serve', '--config', file, ...port, ...argv], {
    host,
    loadCreateVmcp: () =>
      Promise.resolve((...given) => {
        created.push(given);
        return vmcp;
      }),
  });
  return { host, vmcp, created, exitCode };
}

/** Waits until the server has started, and says where it listens. */
export async function started({ vmcp, host }: Serving): Promise<string> {
  await vi.waitFor(() => {
    if (!vmcp.asked.includes('start')) throw new Error('not started');
  });
  return /http:\/\/[^/"]+/.exec(host.stderr.text)?.[0] ?? '';
}
