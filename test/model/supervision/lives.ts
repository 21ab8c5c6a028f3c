import fc from 'fast-check';
import type { createEngine } from '../../../src/create-engine.js';
import { SupervisionDriver } from './driver.js';
import { stepsIn } from './paths.js';
import type { SupervisionRegion } from './paths.js';
import { World } from './world.js';

/** Which of all that can happen is next, by its place among them. */
export const choices = fc.array(fc.nat(), { maxLength: 60, size: 'max' });

/** Lives a history of two backends in which everything may happen, a stop towards its end. */
export async function liveSupervised(
  region: SupervisionRegion,
  chosen: readonly number[],
  create?: typeof createEngine,
): Promise<void> {
  const driver = await SupervisionDriver.begin(region.scale, create);
  let world = World.begin(region.scale);
  for (const [index, choice] of chosen.entries()) {
    const steps = stepsIn(world, region).filter(({ type }) => type !== 'stop' || index > 40);
    const step = steps[choice % steps.length];
    if (!step) break;
    world = world.after(step);
    await driver.step(step);
    driver.expectLike(world);
  }
  await driver.end();
}
