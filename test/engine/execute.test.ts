import { describe, expect, it } from 'vitest';
import { CallRefusedError, CallTimeoutError } from '../../src/engine/execute.js';
import { harness, policy } from './harness.js';

const never = () => new Promise<never>(() => undefined);

describe('execute', () => {
  it('returns what the operation returns, and counts a success [R06]', async () => {
    const { engine } = harness();
    await expect(engine.backend('one').execute(() => Promise.resolve(42))).resolves.toBe(42);
    await expect(engine.backend('one').execute(() => 43)).resolves.toBe(43);
    expect(engine.backend('one').status().calls).toMatchObject({ admitted: 2, succeeded: 2, inFlight: 0 });
  });

  it('rejects with the error of the operation, and counts a failure [R06]', async () => {
    const { engine } = harness();
    const error = new Error('down');
    await expect(engine.backend('one').execute(() => Promise.reject(error))).rejects.toBe(error);
    await expect(
      engine.backend('one').execute(() => {
        throw error;
      }),
    ).rejects.toBe(error);
    expect(engine.backend('one').status().calls).toMatchObject({ failed: 2, inFlight: 0 });
  });

  it('a refusal by another backend, deeper in, says nothing of this one, whatever classify says [R08]', async () => {
    const { engine, standing } = harness({ backends: { one: policy, inner: policy } });
    engine.isolate('inner');
    for (let call = 0; call < 10; call += 1) {
      const nested = engine.backend('one').execute(() => engine.backend('inner').execute(() => 1));
      await expect(nested).rejects.toMatchObject({ code: 'CIRCUIT_ISOLATED', backend: 'inner' });
    }
    expect(standing('one').circuit).toBe('closed');
    expect(engine.backend('one').status()).toMatchObject({ consecutiveFailures: 0, calls: { released: 10 } });
  });

  it('classify decides what an error says of the backend [R08]', async () => {
    const { engine, circuit } = harness(undefined, { classify: () => ({ kind: 'succeeded' }) });
    for (let call = 0; call < 1000; call += 1)
      await engine
        .backend('one')
        .execute(() => Promise.reject(new Error('no such page')))
        .catch(() => undefined);
    expect(circuit()).toBe('closed');
  });

  it.each([
    ['throws', Error],
    ['says nothing', undefined],
    ['says what is no outcome', { kind: 'no outcome' }],
  ])('a classify that %s leaves no permit out, and its caller hears of it [R06] [R39]', async (_, said) => {
    for (const timeoutMs of [1000, Infinity]) {
      const { engine } = harness(undefined, {
        classify: () => {
          if (said === Error) throw new Error('bug');
          return said as never;
        },
      });
      const call = engine.backend('one').execute(() => Promise.reject(new Error('down')), { timeoutMs });
      await expect(call).rejects.toThrow('classify threw');
      expect(engine.backend('one').status().calls).toMatchObject({ released: 1, inFlight: 0 });
    }
  });

  it('is refused by an open circuit with a typed error without a stack [R02]', async () => {
    const { clock, engine, fail } = harness();
    await clock.run(0);
    fail(3);
    let touched = false;
    const error = await engine
      .backend('one')
      .execute(() => {
        touched = true;
      })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CallRefusedError);
    expect(error).toMatchObject({ backend: 'one', code: 'CIRCUIT_OPEN', retryAfterMs: 20_000 });
    expect((error as Error).stack).not.toContain('\n');
    expect(touched).toBe(false);
  });

  it('a call exactly as long as its timeout fails, and its signal aborts [R06]', async () => {
    const { clock, engine } = harness();
    let signal: AbortSignal | undefined;
    const call = engine.backend('one').execute(
      (attempt) => {
        signal = attempt.signal;
        return never();
      },
      { timeoutMs: 700 },
    );
    const seen = expect(call).rejects.toBeInstanceOf(CallTimeoutError);
    await clock.run(699);
    expect(signal?.aborted).toBe(false);
    await clock.run(1);
    await seen;
    expect(signal?.aborted).toBe(true);
    expect(engine.backend('one').status()).toMatchObject({
      lastErrorCategory: 'timeout',
      calls: { failed: 1 },
    });
  });

  it('caller abort → permit released, nothing recorded [R06] [R08]', async () => {
    const { engine, circuit } = harness();
    for (let call = 0; call < 1000; call += 1) {
      const controller = new AbortController();
      const running = engine.backend('one').execute(never, { signal: controller.signal });
      controller.abort(new Error('enough'));
      await expect(running).rejects.toThrow('enough');
    }
    expect(circuit()).toBe('closed');
    expect(engine.backend('one').status().calls).toMatchObject({ released: 1000, failed: 0, inFlight: 0 });
  });

  it('a caller who has already given up reaches nothing [R06]', async () => {
    const { engine } = harness();
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(engine.backend('one').execute(never, { signal })).rejects.toThrow('too late');
    expect(engine.backend('one').status().calls.admitted).toBe(0);
  });
});

describe('the hot path', () => {
  it('a successful call sends no event, and a trip cycle at most four [R01]', async () => {
    const { clock, engine, permit, fail } = harness();
    await clock.run(0);
    let steps = 0;
    const ref = (engine.backend('one') as unknown as { gate: { ref: { subscribe(f: object): unknown } } })
      .gate.ref;
    ref.subscribe({
      next: () => {
        steps += 1;
      },
      error: () => undefined,
    });
    for (let call = 0; call < 10_000; call += 1) permit().succeed();
    expect(steps).toBe(0);
    fail(1);
    permit().succeed();
    for (let call = 0; call < 100; call += 1) permit().succeed();
    expect(steps).toBe(2);
  });
});
