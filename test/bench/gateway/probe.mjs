/**
 * Looks at a process from inside; loaded with `node --expose-gc --import`. Answers its parent `memory` with the bytes in
 * use, `cpu` with the processor time it took, and `holds` with the longest time in milliseconds that its event loop was held since it was asked last.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Every so often it looks whether the loop turns: a hold is at most so much shorter than what it tells. */
const RESOLUTION_MS = 2;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

async function memory() {
  for (let pass = 0; pass < 4; pass += 1) {
    globalThis.gc();
    await new Promise((turn) => setImmediate(turn));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}

function holds() {
  const longest = delays.max / 1e6;
  delays.enable();
  delays.reset();
  return longest;
}

/** Of processor time, in milliseconds, since the start. */
function cpu() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const ANSWERS = { memory, holds, cpu };

if (process.channel) {
  process.on('message', async ({ probe }) => {
    if (probe in ANSWERS) process.send({ probe, value: await ANSWERS[probe]() });
  });
  // Who started it is gone.
  process.on('disconnect', () => process.exit());
  process.channel.unref();
}
