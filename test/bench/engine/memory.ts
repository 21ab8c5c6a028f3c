/** Bytes per backend, and bytes that calls leave behind. */
import { bytesInUse, operation } from './measure.js';
import type { Subject } from './measure.js';
import { cockatiel, opossum } from './rivals.js';
import {
  BackendHandle,
  blameBackend,
  createEngine,
  Gate,
  healthyBackend,
  Outbox,
  TimeLimits,
  TurnTime,
  VirtualClock,
} from './shipped.js';

const MANY = 10_000;
const CALLS = 10_000_000;

/** Bytes that each of `count` things holds, the thing's place in an array included. */
async function bytesEach(count: number, make: (index: number) => unknown): Promise<number> {
  const kept: unknown[] = [make(0)];
  const before = await bytesInUse();
  for (let index = 1; index <= count; index += 1) kept.push(make(index));
  const bytes = ((await bytesInUse()) - before) / count;
  if (kept.length !== count + 1) throw new Error('lost some');
  return bytes;
}

export const memorySubjects = {
  memoryHot: async () => {
    const clock = new VirtualClock();
    const outbox = new Outbox(() => undefined);
    const handles = new Map<string, InstanceType<typeof BackendHandle>>();
    const limits = new TimeLimits(clock);
    const world = {
      clock,
      outbox,
      limits,
      turnTime: new TurnTime(clock),
      classify: blameBackend,
      callTimeoutMs: () => 1,
      onIdle: () => undefined,
    };
    return {
      bytes: await bytesEach(MANY, (index) => {
        const name = `backend-${index}`;
        handles.set(name, new BackendHandle(new Gate(name, world), world));
        return undefined;
      }),
    };
  },
  memoryActor: async () => {
    const clock = new VirtualClock();
    const backends = Object.fromEntries(Array.from({ length: MANY }, (_, index) => [`backend-${index}`, {}]));
    const before = await bytesInUse();
    const engine = createEngine({ backends }, { clock, check: () => Promise.resolve() });
    engine.start();
    await clock.run(0);
    const bytes = ((await bytesInUse()) - before) / MANY;
    await engine.stop();
    return { bytes };
  },
  memoryGrowth: async ({ quick }) => {
    const calls = quick ? CALLS / 10 : CALLS;
    const backend = await healthyBackend();
    const run = async (count: number) => {
      for (let call = 0; call < count; call += 1) {
        const permit = backend.permit();
        if (permit.admitted) permit.succeed();
        // Every tenth the other way, through promises.
        if (call % 10 === 0) await backend.execute(operation);
      }
    };
    await run(calls / 10);
    const before = await bytesInUse();
    await run(calls);
    return { bytes: ((await bytesInUse()) - before) / calls };
  },
  memoryCockatiel: async () => ({ bytes: await bytesEach(MANY, () => cockatiel('consecutive')) }),
  memoryCockatielSampling: async () => ({ bytes: await bytesEach(MANY, () => cockatiel('sampling')) }),
  memoryOpossum: async () => ({ bytes: await bytesEach(MANY / 10, () => opossum('default', operation)) }),
} satisfies Record<string, Subject>;
