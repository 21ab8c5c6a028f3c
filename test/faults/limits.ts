import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const NOBODY = 65534;

/** Whether limits of a running process can be changed here. */
export const canLimit = spawnSync('prlimit', ['--version']).status === 0;

/** Sets a soft limit of a running process, as `ulimit` would have before its start; what it holds, it keeps. */
export function limit(pid: number, resource: 'nofile' | 'nproc', soft: number): void {
  const command = ['prlimit', '--pid', String(pid), `--${resource}=${soft}:`];
  // Only its own user may change the limits of a process.
  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...command];
  if (userOf(pid) === NOBODY) execFileSync('setpriv', user);
  else execFileSync('prlimit', command.slice(1));
}

/** The user as whom a process runs, where there is `/proc`. */
export function userOf(pid: number): number {
  return Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** The environment in which a gateway loads a module of this folder before anything else. */
export function loading(module: string, more: Record<string, string> = {}): Record<string, string> {
  return { NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, module)).href}`, ...more };
}
