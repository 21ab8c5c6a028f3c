import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { isAlive } from '../e2e/processes.js';
import { until } from '../session/session-probe.js';

const SERVER = fileURLToPath(new URL('hostile-server.mjs', import.meta.url));

/**
 * The entry of the hostile stdio server in a configuration, and the processes it has consisted of. When the test is
 * over, none of them may be left.
 *
 * @param wrapper a shell line that starts `"$@"`, in whose stead the server is then a grandchild
 */
export function hostile({ manner, wrapper }: { manner?: 'gated' | 'stubborn'; wrapper?: string } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-faults-'));
  const pidFile = join(folder, 'pids');
  const gate = join(folder, 'gate');
  writeFileSync(pidFile, '');
  const server = [
    SERVER,
    pidFile,
    ...(manner === undefined ? [] : [manner]),
    ...(manner === 'gated' ? [gate] : []),
  ];
  const entry =
    wrapper === undefined
      ? { transport: 'stdio', command: process.execPath, args: server }
      : { transport: 'stdio', command: 'sh', args: ['-c', wrapper, 'sh', process.execPath, ...server] };
  const pids = (): number[] => readFileSync(pidFile, 'utf8').split('\n').filter(Boolean).map(Number);
  onTestFinished(async () => {
    try {
      await until(() => !pids().some(isAlive), 'no process is left');
    } finally {
      for (const pid of pids().filter(isAlive)) process.kill(pid, 'SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });
  return { entry, folder, pids, openGate: () => writeFileSync(gate, '') };
}
