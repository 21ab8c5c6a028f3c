/** Leaders of the process groups that are ours now. */
const groups = new Set<number>();
let watching = false;

/** From now on the group dies with us, however our process ends, short of a signal that it does not handle. */
export function adoptGroup(leader: number): void {
  groups.add(leader);
  if (watching) return;
  watching = true;
  // One listener for all children: one each would pile up over restarts.
  process.on('exit', () => {
    for (const pid of groups) signalGroup(pid, 'SIGKILL');
  });
}

/** Kills what is left of a group whose leader is gone, and forgets it: its number may soon be somebody else's. */
export function abandonGroup(leader: number): void {
  if (groups.delete(leader)) signalGroup(leader, 'SIGKILL');
}

/** Signals the leader and everything it started. A group that is gone already is fine. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    // Windows has no process groups; there the leader alone is ended.
    process.kill(process.platform === 'win32' ? leader : -leader, signal);
  } catch {
    // ESRCH: nobody is left, which is what we wanted.
  }
}
