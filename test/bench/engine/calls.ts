/** Calls to a healthy backend. */
import { against, bareCall, operation } from './measure.js';
import type { Chunk, Subject } from './measure.js';
import { cockatiel, cockatielWithTimeout, opossum } from './rivals.js';
import { healthyBackend } from './shipped.js';

export const callSubjects = {
  wrapper: against(bareCall, () => {
    const wrapper = async (guarded: () => Promise<number>) => await guarded();
    return each(() => wrapper(operation));
  }),
  permit: against(bareCall, async () => {
    const backend = await healthyBackend();
    return async (calls) => {
      for (let call = 0; call < calls; call += 1) {
        const permit = backend.permit();
        if (!permit.admitted) throw new Error(permit.code);
        await operation();
        permit.succeed();
      }
    };
  }),
  execute: against(bareCall, async () => {
    const backend = await healthyBackend();
    return each(() => backend.execute(operation));
  }),
  executeUntimed: against(bareCall, async () => {
    const backend = await healthyBackend();
    const untimed = { timeoutMs: Infinity };
    return each(() => backend.execute(operation, untimed));
  }),
  executeSignal: against(bareCall, async () => {
    const backend = await healthyBackend();
    return each(() => backend.execute(({ signal }) => (signal.aborted ? Promise.resolve(0) : operation())));
  }),
  cockatiel: against(bareCall, () => {
    const policy = cockatiel('consecutive');
    return each(() => policy.execute(operation));
  }),
  cockatielSampling: against(bareCall, () => {
    const policy = cockatiel('sampling');
    return each(() => policy.execute(operation));
  }),
  cockatielCount: against(bareCall, () => {
    const policy = cockatiel('count');
    return each(() => policy.execute(operation));
  }),
  cockatielTimeout: against(bareCall, () => {
    const policy = cockatielWithTimeout();
    return each(() => policy.execute(operation));
  }),
  opossum: against(bareCall, () => {
    const breaker = opossum('lean', operation);
    return each(() => breaker.fire());
  }),
  opossumDefault: against(bareCall, () => {
    const breaker = opossum('default', operation);
    return each(() => breaker.fire());
  }),
} satisfies Record<string, Subject>;

function each(call: () => Promise<unknown>): Chunk {
  return async (calls) => {
    for (let count = 0; count < calls; count += 1) await call();
  };
}
