import { expect, onTestFinished } from 'vitest';
import { configuration, Served } from '../e2e/served.js';
import type { Caller } from '../e2e/served.js';

const FAILURE_HANDLING = {
  healthCheckInterval: '1s',
  healthCheckTimeout: '900ms',
  unhealthyThreshold: 2,
  circuitBreaker: { enabled: true, failureThreshold: 3, timeout: '1s' },
};
/** Calls to the neighbour are made this far apart. */
const WATCH_EVERY_MS = 20;

/** A gateway as a process of its own, which ends with the test, and a client of it. */
export async function outside(
  backends: readonly object[],
  options: { timeout?: string; env?: Record<string, string>; args?: readonly string[] } = {},
): Promise<{ served: Served; client: Caller }> {
  const operational = {
    timeouts: { default: options.timeout ?? '5s' },
    failureHandling: { partialFailureMode: 'best_effort', ...FAILURE_HANDLING },
  };
  const config = configuration([...backends], {}, { operational });
  const served = await Served.start(config, options.args, options.env);
  onTestFinished(() => served.destroy());
  await served.serving();
  const client = await served.client();
  onTestFinished(() => client.client.close());
  return { served, client };
}

/** Calls a tool until the returned function is called, which fails if any call did, or if its circuit ever moved. */
export function watch(served: Served, client: Caller, backend: string): () => Promise<number> {
  const over = new AbortController();
  const watched = (async () => {
    let calls = 0;
    do {
      const { isError, text } = await client.call(`${backend}_echo`);
      expect({ isError, text }).toMatchObject({ isError: false });
      calls += 1;
      await new Promise((resolve) => setTimeout(resolve, WATCH_EVERY_MS));
    } while (!over.signal.aborted);
    expect(served.changes(backend)).toEqual([]);
    return calls;
  })();
  // Should the test fail first, its own error is the one to be shown.
  watched.catch(() => undefined);
  return () => {
    over.abort();
    return watched;
  };
}
