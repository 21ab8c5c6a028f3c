import { fromCallback } from 'xstate';
import type { EventObject } from 'xstate';
import { describe, expect, it } from 'vitest';
import { createBackendMachine } from '../../machines/backend.js';
import type { CheckEvent, CheckInput } from '../../machines/backend-setup.js';
import { createSupervisorMachine } from '../../machines/supervisor.js';
import type { SupervisorEmitted } from '../../machines/supervisor.js';
import { Inspection } from '../../src/engine/inspection.js';
import { Outbox } from '../../src/engine/outbox.js';
import { Partition } from '../../src/engine/partition.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import { policy } from './harness.js';

const spec = { name: 'one', identity: '', policy, checks: false };
const restart = { intensity: 1, periodMs: 60_000, backoffMs: 100 };

function made() {
  const clock = new VirtualClock();
  const outbox = new Outbox(() => undefined);
  const told: SupervisorEmitted['type'][] = [];
  const machine = createSupervisorMachine({
    backend: createBackendMachine({
      check: fromCallback<EventObject, CheckInput, CheckEvent>(() => undefined),
      random: () => 0.5,
      passed: () => [],
    }),
    resumeOf: () => undefined,
  });
  const world = {
    machine,
    clock,
    outbox,
    inspection: new Inspection(() => undefined),
    onEmitted: (_: Partition, { type }: SupervisorEmitted) => told.push(type),
  };
  const partition = new Partition({ backends: [spec], restart }, world);
  return { partition, told, clock };
}

describe('a partition', () => {
  it('knows its backends once it has started, and tells of them [R18]', () => {
    const { partition, told } = made();
    partition.start();
    expect(partition.child('one')).toMatchObject({ spec, supervision: 'running', life: 1 });
    expect(partition.child('two')).toBeUndefined();
    expect(told).toEqual(['backend.added']);
  });

  it('stops when its calls have ended, and then hears nothing more [R19]', async () => {
    const { partition, told, clock } = made();
    partition.start();
    const stopped = partition.stop(1000);
    partition.finish();
    await stopped;
    const before = told.length;
    partition.reconcile([{ ...spec, name: 'two' }], { restart, drainMs: 0 });
    partition.revive('one');
    partition.drained('one', 1);
    expect(told).toHaveLength(before);
    expect(clock.pending).toBe(0);
  });

  it('stops after the time to drain, if nobody says that the calls have ended [R19]', async () => {
    const { partition, clock } = made();
    partition.start();
    let ended = false;
    const stopped = partition.stop(1000).then(() => (ended = true));
    await clock.run(999);
    expect(ended).toBe(false);
    await clock.run(1);
    await stopped;
  });

  it('whose supervisor is broken can be stopped all the same [R19]', async () => {
    const { partition } = made();
    partition.start();
    const broken = {
      ...spec,
      get name(): string {
        throw new Error('boom');
      },
    };
    partition.reconcile([broken], { restart, drainMs: 0 });
    await partition.stop(1000);
  });
});
