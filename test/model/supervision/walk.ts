import type { createEngine } from '../../../src/create-engine.js';
import { SupervisionDriver } from './driver.js';
import { supervisionPaths } from './paths.js';
import type { SupervisionRegion } from './paths.js';
import { SUPERVISION_REGIONS } from './regions.js';
import { World } from './world.js';

interface Walked {
  readonly states: number;
  /** Simple paths, those included that another one begins with. */
  readonly all: number;
  readonly paths: number;
  readonly steps: number;
  /** The transitions that the supervisor's machine has taken, of those that it defines. */
  readonly taken: ReadonlySet<object>;
}

/**
 * Runs every simple path of a region. What can happen in a state and changes nothing is done in passing, once in each
 * state: no simple path has it.
 */
export async function walk(region: SupervisionRegion, create?: typeof createEngine): Promise<Walked> {
  const { idle, all, longest } = supervisionPaths(region);
  const visited = new Set<string>();
  const taken = new Set<object>();
  let steps = 0;
  const visit = async (driver: SupervisionDriver, world: World) => {
    driver.expectLike(world);
    if (visited.has(world.key)) return;
    visited.add(world.key);
    for (const step of idle.get(world.key) ?? []) {
      await driver.step(step);
      steps += 1;
    }
  };
  for (const path of longest) {
    const driver = await SupervisionDriver.begin(region.scale, create);
    await visit(driver, World.begin(region.scale));
    for (const { step, world } of path) {
      await driver.step(step);
      await visit(driver, world);
      for (const definition of world.taken) taken.add(definition);
    }
    await driver.end();
    steps += path.length;
  }
  return { states: idle.size, all, paths: longest.length, steps, taken };
}

/** Which region shows something wrong in an engine, and what; undefined when none does. */
export async function caughtBy(
  create: typeof createEngine,
): Promise<{ region: string; message: string } | undefined> {
  for (const region of SUPERVISION_REGIONS)
    try {
      await walk(region, create);
    } catch (error) {
      return { region: region.name, message: String(error) };
    }
  return undefined;
}
