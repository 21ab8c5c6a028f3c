/** Ten thousand backends from one configuration: they start, one joins, one leaves, all stop. */
import { createActor, fromCallback } from 'xstate';
import type { EventObject } from 'xstate';
import type { CheckEvent, CheckInput } from '../../../machines/backend-setup.js';
import type { EngineSettings } from '../../../src/engine/engine.js';
import { median } from './measure.js';
import type { Subject } from './measure.js';
import { createBackendMachine, createEngine, Engine, parseEngineConfig } from './shipped.js';

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

/** Validated settings, made anew each time, as a configuration that is read again makes them. */
function settingsOf(wanted: readonly string[]): EngineSettings {
  const { backends, supervision, ...rest } = parseEngineConfig(configOf(wanted));
  return {
    ...rest,
    restart: supervision,
    backends: Object.entries(backends).map(([name, { circuit, health }]) => ({
      name,
      identity: '',
      policy: { circuit, health },
    })),
  };
}

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
    await engine.stop();

    const change = new Engine(settingsOf(names), (settings) => settings, { check: () => Promise.resolve() });
    change.start();
    await ready(change);
    const added: number[] = [];
    const removed: number[] = [];
    for (let count = 0; count < CHANGES; count += 1) {
      const [more, fewer] = [settingsOf([...names, `another-${count}`]), settingsOf(names)];
      lap = stopwatch();
      change.reconfigure(more);
      added.push(lap());
      change.reconfigure(fewer);
      removed.push(lap());
    }
    if (change.names.length !== MANY) throw new Error(`${change.names.length} backends are left`);
    lap();
    await change.stop();
    return { startMs, wholeMs, addMs: median(added), removeMs: median(removed), stopMs: lap() };
  },
  /** The same actors with nothing around them: what XState itself takes. */
  bareActors: () => {
    const check = fromCallback<EventObject, CheckInput, CheckEvent>(() => undefined);
    const machine = createBackendMachine({ check, random: Math.random, passed: () => [] });
    const policy = settingsOf(['one']).backends[0]!.policy;
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
