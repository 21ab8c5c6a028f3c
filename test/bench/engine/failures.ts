/** Calls that are refused, and calls that fail without tripping the circuit. */
import { against, bareCall, bareRejection, brokenOperation, operation } from './measure.js';
import type { Chunk, Subject } from './measure.js';
import { cockatiel, opossum } from './rivals.js';
import { actorOf, healthyBackend } from './shipped.js';

const failure = { category: 'connection_failed' } as const;

async function openBackend() {
  const backend = await healthyBackend({ failureThreshold: 1 });
  const permit = backend.permit();
  if (permit.admitted) permit.fail(failure);
  return backend;
}

/** Failing calls through permits, as a gateway makes them. */
async function failingPermits({ events }: { events: boolean }): Promise<Chunk> {
  const backend = await healthyBackend();
  // What is left is the engine's own share: the actor is not told.
  if (!events) actorOf(backend).send = () => undefined;
  return async (calls) => {
    for (let call = 0; call < calls; call += 1) {
      const permit = backend.permit();
      if (!permit.admitted) throw new Error(permit.code);
      try {
        await brokenOperation();
        permit.succeed();
      } catch {
        permit.fail(failure);
      }
    }
  };
}

export const failureSubjects = {
  refusal: against(bareCall, async () => {
    const backend = await openBackend();
    return (calls) => {
      for (let call = 0; call < calls; call += 1)
        if (backend.permit().admitted) throw new Error('the circuit is not open');
      return undefined;
    };
  }),
  refusalError: against(bareCall, async () => {
    const backend = await openBackend();
    return handled(() => backend.execute(operation));
  }),
  refusalCockatiel: against(bareCall, async () => {
    const policy = cockatiel('consecutive', 1);
    await policy.execute(brokenOperation).catch(() => undefined);
    return handled(() => policy.execute(operation));
  }),
  refusalOpossum: against(bareCall, () => {
    const breaker = opossum('lean', operation);
    breaker.open();
    return handled(() => breaker.fire());
  }),
  failure: against(bareRejection, () => failingPermits({ events: true })),
  failureApart: against(bareRejection, () => failingPermits({ events: false })),
  failureExecute: against(bareRejection, async () => {
    const backend = await healthyBackend();
    return handled(() => backend.execute(brokenOperation));
  }),
  failureCockatiel: against(bareRejection, () => {
    const policy = cockatiel('consecutive');
    return handled(() => policy.execute(brokenOperation));
  }),
  failureOpossum: against(bareRejection, () => {
    const breaker = opossum('lean', brokenOperation);
    return handled(() => breaker.fire());
  }),
} satisfies Record<string, Subject>;

function handled(call: () => Promise<unknown>): Chunk {
  return async (calls) => {
    for (let count = 0; count < calls; count += 1) {
      try {
        await call();
      } catch {
        // What the caller sees of it.
      }
    }
  };
}
