/** Ten thousand backends from one configuration: they start, one joins, one leaves, all stop. */
import { createActor, fromCallback } from 'xstate';
import type { EventObject } from 'xstate';
import type { CheckEvent, CheckInput } from '../../../machines/backend-setup.js';
import { median } from './measure.js';
import type { Subject } from './measure.js';
import { createBackendMachine, createEngine, parseEngineConfig } from './shipped.js';

const MANY = 10_000;
const CHANGES = 15;

/** Milliseconds of CPU between one call and the next: the machine may be busy with others. */
function stopwatch(): () => number {
  let since = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(since);
    since = process.cpuUsage();
    return (user + system) / 1000;
  };
}

const configOf = (names: readonly string[]) => ({
  backends: Object.fromEntries(names.map((name) => [name, {}])),
  maxConcurrentChecks: MANY,
});

const names = Array.from({ length: MANY }, (_, index) => `backend-${index}`);

export const fleetSubjects = {
  fleet: async () => {
    let lap = stopwatch();
    const engine = createEngine(configOf(names), { check: () => Promise.resolve() });
    engine.start();
    const startMs = lap();
    await ready(engine);
    lap();
    engine.reconfigure(configOf([...names, 'another']));
    const wholeMs = lap();

    const added: number[] = [];
    const removed: number[] = [];
    for (let count = 0; count < CHANGES; count += 1) {
      lap = stopwatch();
      engine.configure({ [`another-${count}`]: {} });
      added.push(lap());
      await ready(engine);
      lap = stopwatch();
      engine.remove(`another-${count}`);
      removed.push(lap());
    }
    if (engine.names.length !== MANY + 1) throw new Error(`${engine.names.length} backends are left`);
    lap();
    await engine.stop();
    return { startMs, wholeMs, addMs: median(added), removeMs: median(removed), stopMs: lap() };
  },
  /** The same actors with nothing around them: what XState itself takes. */
  bareActors: () => {
    const check = fromCallback<EventObject, CheckInput, CheckEvent>(() => undefined);
    const machine = createBackendMachine({ check, random: Math.random, passed: () => [] });
    const { circuit, health } = parseEngineConfig(configOf(['one'])).backends['one']!;
    const policy = { circuit, health };
    const lap = stopwatch();
    const actors = names.map((name) =>
      createActor(machine, { input: { name, policy, checks: true } }).start(),
    );
    const startMs = lap();
    for (const actor of actors) actor.stop();
    return Promise.resolve({ startMs });
  },
} satisfies Record<string, Subject>;

async function ready(engine: { status(): { phase: string } }): Promise<void> {
  while (engine.status().phase !== 'Ready') await new Promise((turn) => setTimeout(turn, 20));
}
