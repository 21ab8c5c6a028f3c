import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Real processes for the end-to-end tests. Each one that is started here is killed with the test run. */

export const ROOT = join(import.meta.dirname, '../..');
const SERVERS = join(ROOT, 'node_modules/@modelcontextprotocol');
export const EVERYTHING = join(SERVERS, 'server-everything/dist/index.js');
export const MEMORY = join(SERVERS, 'server-memory/dist/index.js');
export const FILESYSTEM = join(SERVERS, 'server-filesystem/dist/index.js');

/** How long a condition may take to come true unless a test says otherwise, in milliseconds. */
const PATIENCE_MS = 15_000;
const POLL_MS = 20;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program that ends with the test run at the latest. */
export function launch(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdio: 'ignore' | 'pipe' = 'ignore',
): ChildProcess {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio, cwd: ROOT });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends a process at once, stopped or not, and waits until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Waits until a condition holds. @throws Error naming it when it does not come true in time */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<Exclude<T, undefined | false>> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    if (performance.now() > end) throw new Error(`within ${patienceMs} ms it did not come true that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}

/** The server called everything, over Streamable HTTP, when its port is open. */
export async function everything(port: number): Promise<ChildProcess> {
  const child = launch([EVERYTHING, 'streamableHttp'], { PORT: String(port) });
  await until(`everything listens on ${port}`, () => answers(port));
  return child;
}

/** Whether a process is there, a zombie aside. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync('/proc') || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
