/** Circuits that watch rates, with their windows full. */
import { MAX_WINDOW_CALLS } from '../../../src/config/engine-config.js';
import type { Backend } from '../../../src/engine/backend-handle.js';
import { against, bareCall, bareRejection, brokenOperation, operation } from './measure.js';
import type { Subject } from './measure.js';
import { healthyBackend } from './shipped.js';

const windows = {
  few: { calls: 10 },
  many: { calls: MAX_WINDOW_CALLS },
  time: { ms: 3_600_000 },
} as const;

/** Of so many calls one succeeds, so that no window ever holds failures alone. */
const ONE_IN = 8;

/** A backend whose circuit watches its failures, and has seen as many calls as the largest window holds. */
async function watched(window: (typeof windows)[keyof typeof windows]): Promise<Backend> {
  const backend = await healthyBackend({ rates: [{ of: 'failures', threshold: 1, window }] });
  for (let call = 0; call < MAX_WINDOW_CALLS; call += 1) permitOf(backend).succeed();
  return backend;
}

/** The same, but it watches how long calls take. */
function timed(): Promise<Backend> {
  const rates = [{ of: 'slowCalls', threshold: 1, window: windows.few } as const];
  return healthyBackend({ rates, slowCallMs: 60_000 });
}

const permits = (prepare: () => Promise<Backend>) =>
  against(bareCall, async () => {
    const backend = await prepare();
    return async (calls) => {
      for (let call = 0; call < calls; call += 1) {
        const permit = permitOf(backend);
        await operation();
        permit.succeed();
      }
    };
  });

const untimedCalls = (prepare: () => Promise<Backend>) =>
  against(bareCall, async () => {
    const backend = await prepare();
    const untimed = { timeoutMs: Infinity };
    return async (calls) => {
      for (let call = 0; call < calls; call += 1) await backend.execute(operation, untimed);
    };
  });

const failing = (prepare: () => Promise<Backend>) =>
  against(bareRejection, async () => {
    const backend = await prepare();
    return async (calls) => {
      for (let call = 0; call < calls; call += 1) {
        const permit = permitOf(backend);
        try {
          await brokenOperation();
        } catch {
          if (call % ONE_IN === 0) permit.succeed();
          else permit.fail({ category: 'connection_failed' });
        }
      }
    };
  });

export const windowSubjects = {
  permitWindowCalls: permits(() => watched(windows.many)),
  permitWindowTime: permits(() => watched(windows.time)),
  permitTimed: permits(timed),
  executeWindow: untimedCalls(() => watched(windows.many)),
  executeTimed: untimedCalls(timed),
  failureUnwatched: failing(() => healthyBackend()),
  failureWindowFew: failing(() => watched(windows.few)),
  failureWindowMany: failing(() => watched(windows.many)),
  failureWindowTime: failing(() => watched(windows.time)),
} satisfies Record<string, Subject>;

function permitOf(backend: Backend) {
  const permit = backend.permit();
  if (!permit.admitted) throw new Error(permit.code);
  return permit;
}
