import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/create-engine.js';
import type { EngineEvent } from '../../src/engine/events.js';
import { Turns } from '../../src/engine/turns.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import type { Log } from '../../src/logging/log.js';
import { harness, policy, refused } from './harness.js';

const never = () => new Promise<never>(() => undefined);
const wide = { backends: { one: { ...policy, circuit: { ...policy.circuit, maxProbes: 3 } } } };

describe('a check', () => {
  it('whose classify throws crashes its backend alone, as a defect [R16]', async () => {
    const { clock, standing, events } = harness(undefined, {
      checked: false,
      check: () => Promise.reject(new Error('down')),
      classify: () => {
        throw new Error('bug');
      },
    });
    await clock.run(0);
    expect(standing().supervision).toBe('restarting');
    expect(events.at(-1)).toMatchObject({ type: 'backend.crashed', error: new Error('bug') });
  });

  it('that resolves to anything but an outcome has succeeded [R12]', async () => {
    for (const answer of [{}, null, true, { kind: 'pong' }]) {
      const check = () => Promise.resolve(answer as unknown as undefined);
      const { clock, standing } = harness(undefined, { checked: false, check });
      await clock.run(0);
      expect(standing()).toEqual({ supervision: 'running', circuit: 'closed', health: 'healthy' });
    }
  });

  it('that was ended by its timeout has ended, and status tells when [R31]', async () => {
    const { clock, engine, answer } = harness();
    answer('one', never);
    await clock.run(1999);
    expect(engine.backend('one').status()).not.toHaveProperty('lastCheckTime');
    await clock.run(1001);
    expect(engine.backend('one').status().lastCheckTime).toBe('1970-01-01T00:00:02.000Z');
  });

  it('that is aborted lets no listener of its signal into a transition [R02] [R04]', async () => {
    const clock = new VirtualClock();
    const admitted: boolean[] = [];
    const engine = createEngine(wide, {
      clock,
      check: (_, { signal }) => {
        signal.addEventListener('abort', () => {
          for (let call = 0; call < 6; call += 1) admitted.push(engine.backend('one').permit().admitted);
        });
        return never();
      },
    });
    engine.start();
    await clock.run(0);
    const permits = Array.from({ length: 3 }, () => engine.backend('one').permit());
    for (const permit of permits) if (permit.admitted) permit.fail(refused);
    await clock.run(22_000);
    expect(engine.backend('one').standing.circuit).toBe('open');
    expect(admitted).toEqual(Array<boolean>(12).fill(false));
  });
});

describe('turns', () => {
  it('a higher limit lets the waiting begin at once, first come first served [R13]', async () => {
    const turns = new Turns(1);
    const begun: number[] = [];
    const ends = [0, 1, 2, 3, 4].map((index) => turns.take(() => begun.push(index)));
    turns.limit = 3;
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    turns.limit = 1;
    ends[0]?.();
    ends[1]?.();
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    ends[2]?.();
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it('a probe is before all routine checks that wait, and no more at once than the limit [R04] [R13]', async () => {
    const turns = new Turns(1);
    const begun: string[] = [];
    const end = turns.take(() => begun.push('first'));
    turns.take(() => begun.push('routine'));
    turns.take(() => begun.push('probe'), true);
    await Promise.resolve();
    expect(begun).toEqual(['first']);
    end();
    await Promise.resolve();
    expect(begun).toEqual(['first', 'probe']);
  });
});

describe('execute', () => {
  it('takes a thenable, and nothing at all, for what they are [R06]', async () => {
    const { engine } = harness();
    const one = engine.backend('one');
    const thenable: PromiseLike<number> = {
      then: (resolve) => Promise.resolve(42).then(resolve),
    };
    await expect(one.execute(() => thenable)).resolves.toBe(42);
    await expect(one.execute(() => undefined)).resolves.toBeUndefined();
    expect(one.status().calls).toMatchObject({ succeeded: 2, inFlight: 0 });
  });

  it('with a timeout that is no number reaches nothing and takes no permit [R06]', async () => {
    const { engine } = harness();
    const call = engine.backend('one').execute(never, { timeoutMs: NaN });
    await expect(call).rejects.toBeInstanceOf(TypeError);
    expect(engine.backend('one').status().calls).toMatchObject({ admitted: 0, inFlight: 0 });
  });

  it("rejects with the caller's reason as it is, before the call and during it [R06]", async () => {
    const { engine } = harness();
    const controller = new AbortController();
    const running = engine.backend('one').execute(never, { signal: controller.signal });
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');
    await expect(engine.backend('one').execute(never, { signal: controller.signal })).rejects.toBe('enough');
  });

  it('that aborts inside its own operation releases once, whatever comes later [R06]', async () => {
    const { engine } = harness();
    const controller = new AbortController();
    const call = engine.backend('one').execute(
      () => {
        controller.abort(new Error('enough'));
        throw new Error('down');
      },
      { signal: controller.signal },
    );
    await expect(call).rejects.toThrow('enough');
    expect(engine.backend('one').status().calls).toMatchObject({ released: 1, failed: 0, inFlight: 0 });
  });

  it('one timeout aborts its own call alone, and leaves no deadline behind [R06]', async () => {
    const { clock, engine } = harness(undefined, { checked: false });
    const signals: AbortSignal[] = [];
    const calls = [100, 200, 300].map((timeoutMs) =>
      engine.backend('one').execute(({ signal }) => (signals.push(signal), never()), { timeoutMs }),
    );
    const ended = Promise.allSettled(calls);
    await clock.run(100);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false, false]);
    await clock.run(200);
    await ended;
    await engine.stop();
    expect(clock.pending).toBe(0);
  });
});

describe('a listener', () => {
  it('that throws into a log that throws too stops neither the calls nor the stream [R32]', async () => {
    const log = {
      error: () => {
        throw new Error('disk full');
      },
    } as unknown as Log;
    const { clock, engine, fail, story } = harness(undefined, { log });
    engine.subscribe(() => {
      throw new Error('listener');
    });
    await clock.run(0);
    fail(3);
    await clock.run(20_000);
    expect(story()).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
  });

  it('may call, reconfigure and stop from within; every listener hears all, once and in order [R32]', async () => {
    const { clock, engine, fail, events, circuit } = harness();
    const late: EngineEvent[] = [];
    const calls: Promise<unknown>[] = [];
    const seen: string[] = [];
    engine.subscribe((event) => {
      if (event.type !== 'circuit.changed') return;
      seen.push(`${event.to}: ${circuit()}`);
      calls.push(
        engine
          .backend('one')
          .execute(() => 'answer')
          .catch((error: unknown) => error),
      );
      if (event.to === 'open') engine.reconfigure({ backends: { one: policy, two: policy } });
      if (event.to === 'closed') void engine.stop();
    });
    engine.subscribe((event) => late.push(event));
    await clock.run(0);
    fail(3);
    await clock.run(20_000);
    const [first, second, third] = await Promise.all(calls);
    expect([first, second, third]).toMatchObject([
      { code: 'CIRCUIT_OPEN' },
      { code: 'CIRCUIT_HALF_OPEN' },
      'answer',
    ]);
    expect(seen).toEqual(['open: open', 'half-open: halfOpen', 'closed: closed']);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    expect(late).toEqual(events.slice(1));
    expect(clock.pending).toBe(0);
  });

  it('hears when a reset forgets an illness [R10] [R32]', async () => {
    const { clock, engine, fail, events } = harness();
    await clock.run(0);
    fail(2);
    engine.reset('one');
    await clock.run(0);
    const told = events.flatMap((event) =>
      event.type === 'health.changed' ? [`${event.from} → ${event.to}: ${event.cause}`] : [],
    );
    expect(told).toEqual([
      'unknown → healthy: check.succeeded',
      'healthy → unhealthy: call.failed',
      'unhealthy → unknown: circuit.reset',
      'unknown → healthy: check.succeeded',
    ]);
  });
});

describe('a status', () => {
  it('changes nothing, in any state [R06]', async () => {
    const { clock, engine, fail, permit, circuit } = harness(wide, { checked: false });
    const twice = () => {
      const ask = () => [engine.status(), engine.backend('one').refusal(), clock.pending];
      expect(ask()).toEqual(ask());
    };
    twice();
    fail(3);
    twice();
    await clock.run(20_000);
    for (let probe = 0; probe < 3; probe += 1) {
      twice();
      permit();
    }
    twice();
    expect(circuit()).toBe('halfOpen');
  });
});

describe('a name', () => {
  it('of something that every object has is a name like any other [R18]', async () => {
    const names = ['constructor', 'hasOwnProperty', 'toString', 'valueOf'];
    const backends = Object.fromEntries(names.map((name) => [name, policy]));
    const { clock, engine, fail, circuit } = harness({ backends });
    await clock.run(0);
    expect(engine.names).toEqual(names);
    fail(3, 'constructor');
    expect(names.map(circuit)).toEqual(['open', 'closed', 'closed', 'closed']);
    engine.reconfigure({ backends: {} });
    expect(engine.names).toEqual([]);
    for (const name of names) expect(() => engine.backend(name)).toThrow(`no backend is called "${name}"`);
  });

  it('that no object can hold is refused, and not left out without a word [R18]', () => {
    const backends = JSON.parse('{ "__proto__": {}, "one": {} }') as Record<string, object>;
    expect(() => createEngine({ backends })).toThrow('"__proto__" is not a name');
  });
});

describe('machine events', () => {
  it('none for a healthy call, and four for a trip cycle, check included [R01] [R03]', async () => {
    const { clock, engine, permit, fail, story } = harness();
    await clock.run(0);
    fail(2);
    let steps = 0;
    const { gate } = engine.backend('one') as unknown as { gate: { ref: { subscribe(next: object): void } } };
    gate.ref.subscribe({ next: () => (steps += 1), error: () => undefined });
    fail(1);
    for (let call = 0; call < 1000; call += 1) engine.backend('one').permit();
    await clock.run(20_000);
    expect(story()).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
    expect(steps).toBe(4);
    await clock.run(4000);
    for (let call = 0; call < 1000; call += 1) permit().succeed();
    for (let call = 0; call < 1000; call += 1) permit().release();
    expect(steps).toBe(4);
  });
});
