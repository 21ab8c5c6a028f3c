import { describe, expect, it, vi } from 'vitest';
import { blameBackend, CallRefusedError, CallTimeoutError } from '../../src/engine/execute.js';
import type { Attempt } from '../../src/engine/execute.js';
import { harness, policy } from './harness.js';

const never = () => new Promise<never>(() => undefined);
const WITHOUT_END = { timeoutMs: Infinity };

async function healthy(...args: Parameters<typeof harness>) {
  const world = harness(...args);
  await world.clock.run(0);
  return { ...world, one: world.engine.backend('one') };
}

describe('a call without a time limit', () => {
  it('returns what the operation returns, whether it promises or not [R06]', async () => {
    const { one } = await healthy();
    expect(await one.execute(() => Promise.resolve(42), WITHOUT_END)).toBe(42);
    expect(await one.execute(() => 43, WITHOUT_END)).toBe(43);
    expect(one.status().calls).toMatchObject({ admitted: 2, succeeded: 2, inFlight: 0 });
  });

  it('rejects with what the operation throws, at once or later, and counts a failure [R06]', async () => {
    const { one } = await healthy();
    const error = new Error('down');
    const fail = () => {
      throw error;
    };
    await expect(one.execute(fail, WITHOUT_END)).rejects.toBe(error);
    await expect(one.execute(() => Promise.reject(error), WITHOUT_END)).rejects.toBe(error);
    expect(one.status()).toMatchObject({ consecutiveFailures: 2, calls: { failed: 2, inFlight: 0 } });
  });

  it('has a signal that nobody aborts [R06]', async () => {
    const { one } = await healthy();
    const signal = await one.execute((attempt) => attempt.signal, WITHOUT_END);
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(signal.aborted).toBe(false);
  });

  it('sets no deadline; one that its caller may end sets none either but is ended by it [R06]', async () => {
    const { clock, one } = await healthy();
    const before = clock.pending;
    void one.execute(never, WITHOUT_END);
    expect(clock.pending).toBe(before);
    const caller = new AbortController();
    const call = one.execute(never, { ...WITHOUT_END, signal: caller.signal });
    expect(clock.pending).toBe(before);
    caller.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    expect(one.status().calls).toMatchObject({ admitted: 2, released: 1, inFlight: 1 });
  });

  it('counts in its own stay: once that is over, it is stale [R07]', async () => {
    const { clock, one, engine } = await healthy();
    let answer: ((value: number) => void) | undefined;
    const call = one.execute(() => new Promise<number>((resolve) => (answer = resolve)), WITHOUT_END);
    engine.isolate('one');
    engine.release('one');
    await clock.run(0);
    await one.execute(() => 1, WITHOUT_END);
    answer?.(2);
    expect(await call).toBe(2);
    expect(one.status().calls).toMatchObject({ succeeded: 1, stale: 1, inFlight: 0 });
  });

  it('counts for the backend that was called, when another of its name has come [R07] [R18]', async () => {
    const { clock, one, engine } = await healthy();
    await one.execute(() => 1, WITHOUT_END);
    engine.reconfigure({ backends: { one: { ...policy, identity: 'another' } } });
    await clock.run(0);
    await one.execute(() => 2, WITHOUT_END);
    expect(one.status().calls).toMatchObject({ admitted: 1, succeeded: 1, stale: 0, inFlight: 0 });
  });

  it('is refused like any other, and its operation is not called [R02]', async () => {
    const { one, engine } = await healthy();
    engine.isolate('one');
    const operation = vi.fn();
    await expect(one.execute(operation, WITHOUT_END)).rejects.toBeInstanceOf(CallRefusedError);
    expect(operation).not.toHaveBeenCalled();
  });
});

describe('a call with a time limit', () => {
  it('has as long as the engine says at the time, if it says nothing itself [R06] [R18]', async () => {
    const { clock, one, engine } = await healthy({ backends: { one: policy }, callTimeoutMs: 500 });
    const calls = [one.execute(never)];
    engine.reconfigure({ backends: { one: policy }, callTimeoutMs: 300 });
    calls.push(one.execute(never));
    const ends = Promise.all(
      calls.map((call) =>
        call.catch((error: unknown) => [clock.now(), (error as CallTimeoutError).timeoutMs]),
      ),
    );
    await clock.run(500);
    expect(await ends).toEqual([
      [500, 500],
      [300, 300],
    ]);
  });

  it('of no number reaches nothing [R06]', async () => {
    const { one } = await healthy();
    await expect(one.execute(never, { timeoutMs: NaN })).rejects.toThrow(
      new TypeError('timeoutMs is not a number'),
    );
    expect(one.status().calls.admitted).toBe(0);
  });

  it('has a signal, the same whenever it is asked for [R06]', async () => {
    const { one } = await healthy();
    const [first, second] = await one.execute((attempt) => [attempt.signal, attempt.signal] as const);
    expect(first).toBeInstanceOf(AbortSignal);
    expect(second).toBe(first);
  });

  it('that has ended hears its caller no more, and leaves no deadline [R06]', async () => {
    const { clock, one } = await healthy();
    const before = clock.pending;
    const caller = new AbortController();
    const removed = vi.spyOn(caller.signal, 'removeEventListener');
    let signal: AbortSignal | undefined;
    const operation = (attempt: Attempt) => {
      ({ signal } = attempt);
      return 1;
    };
    expect(await one.execute(operation, { signal: caller.signal, timeoutMs: 100 })).toBe(1);
    expect(removed).toHaveBeenCalledWith('abort', expect.any(Function));
    caller.abort(new Error('too late'));
    expect(signal?.aborted).toBe(false);
    expect(clock.pending).toBe(before);
    expect(one.status().calls).toMatchObject({ succeeded: 1, released: 0, inFlight: 0 });
  });

  it('that was given up says so to the operation, with the reason of its caller [R06]', async () => {
    const { one } = await healthy();
    const caller = new AbortController();
    let reason: unknown;
    const call = one.execute(
      ({ signal }) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
        });
        return never();
      },
      { signal: caller.signal },
    );
    const enough = new Error('enough');
    caller.abort(enough);
    await expect(call).rejects.toBe(enough);
    expect(reason).toBe(enough);
  });

  it('whose operation fails after its time asks nobody what that means [R06] [R08]', async () => {
    const classify = vi.fn(blameBackend);
    const { clock, one } = await healthy(undefined, { classify });
    let lose: ((error: Error) => void) | undefined;
    const call = one.execute(() => new Promise((_, reject) => (lose = reject)), { timeoutMs: 100 });
    const seen = expect(call).rejects.toBeInstanceOf(CallTimeoutError);
    await clock.run(100);
    await seen;
    lose?.(new Error('late'));
    await clock.run(0);
    expect(classify).not.toHaveBeenCalled();
    expect(one.status().calls).toMatchObject({ failed: 1, inFlight: 0 });
  });

  it('keeps a promise that was kept too late to itself [R06]', async () => {
    const { clock, one } = await healthy();
    let answer: ((value: number) => void) | undefined;
    const call = one.execute(() => new Promise<number>((resolve) => (answer = resolve)), { timeoutMs: 100 });
    const seen = expect(call).rejects.toBeInstanceOf(CallTimeoutError);
    await clock.run(100);
    answer?.(1);
    await clock.run(0);
    await seen;
    expect(one.status().calls).toMatchObject({ failed: 1, succeeded: 0, inFlight: 0 });
  });
});

describe('what an error says', () => {
  it.each([
    ['an error', new Error('down'), 'backend_unavailable'],
    ['an error that time is up', new DOMException('slow', 'TimeoutError'), 'timeout'],
    ['what is no error', 'TimeoutError', 'backend_unavailable'],
  ])('%s blames the backend [R08]', (_, error, category) => {
    expect(blameBackend(error)).toEqual({ kind: 'failed', failure: { category } });
  });

  it.each([
    ['succeeded', { succeeded: 1, failed: 0, released: 0 }],
    ['released', { succeeded: 0, failed: 0, released: 1 }],
  ] as const)('is what classify says: %s [R08]', async (kind, counts) => {
    for (const options of [{}, WITHOUT_END]) {
      const { one } = await healthy(undefined, { classify: () => ({ kind }) });
      await expect(one.execute(() => Promise.reject(new Error('down')), options)).rejects.toThrow('down');
      expect(one.status()).toMatchObject({ consecutiveFailures: 0, calls: counts });
    }
  });

  it('is asked of a classify that throws: its caller learns both [R06]', async () => {
    const bug = new Error('bug');
    const { one } = await healthy(undefined, {
      classify: () => {
        throw bug;
      },
    });
    const call = one.execute(() => Promise.reject(new Error('down')), WITHOUT_END);
    await expect(call).rejects.toThrow(new Error('classify threw', { cause: bug }));
    expect(one.status().calls).toMatchObject({ released: 1, inFlight: 0 });
  });

  it('is asked of a classify that says what is no outcome: its caller learns all three [R06]', async () => {
    const said = { kind: 'perhaps' } as never;
    const { one } = await healthy(undefined, { classify: () => said });
    const call = one.execute(() => Promise.reject(new Error('down')), WITHOUT_END);
    const cause = new TypeError('what classify says is no outcome', { cause: said });
    await expect(call).rejects.toThrow(new Error('classify threw', { cause }));
  });

  it.each([undefined, 5000])(
    'of a call that is too late names its backend, slow from %s ms on [R06]',
    async (slowCallMs) => {
      const rates = [{ of: 'slowCalls', threshold: 1, window: { calls: 10 }, minimumCalls: 5 } as const];
      const circuit = { ...policy.circuit, ...(slowCallMs && { rates, slowCallMs }) };
      const { one, clock } = await healthy({ backends: { one: { circuit } } });
      const call = one.execute(() => new Promise(() => undefined), { timeoutMs: 70 });
      const told = expect(call).rejects.toThrow(new CallTimeoutError('one', 70));
      await clock.run(70);
      await told;
    },
  );

  it('of the engine itself is in its name, its code and its words [R02] [R06]', () => {
    expect(new CallRefusedError({ admitted: false, backend: 'one', code: 'CIRCUIT_OPEN' })).toMatchObject({
      name: 'CallRefusedError',
      code: 'CIRCUIT_OPEN',
      message: 'backend "one" is unavailable: CIRCUIT_OPEN',
      retryAfterMs: undefined,
    });
    expect(new CallTimeoutError('one', 70)).toMatchObject({
      name: 'CallTimeoutError',
      code: 'CALL_TIMEOUT',
      message: 'the call to backend "one" did not end within 70 ms',
    });
  });

  it('of a refusal has no stack, and leaves the stacks of others alone [R02]', () => {
    const before = Error.stackTraceLimit;
    expect(new CallRefusedError({ admitted: false, backend: 'one', code: 'CIRCUIT_OPEN' }).stack).toBe(
      'CallRefusedError: backend "one" is unavailable: CIRCUIT_OPEN',
    );
    expect(Error.stackTraceLimit).toBe(before);
  });
});
