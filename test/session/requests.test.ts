import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { unlessAborted, withinLimit } from '../../src/session/limit.js';
import type { Fault } from '../../src/session/outcome.js';
import { fault, FaultError } from '../../src/session/outcome.js';
import { RateGate } from '../../src/session/rate-gate.js';
import type { RequestTerms } from '../../src/session/requests.js';
import { inSeconds, Requests } from '../../src/session/requests.js';
import { stall, timed, until } from './stdio-backend.js';

const MONTH_MS = 30 * 24 * 3_600_000;
const never = new AbortController().signal;
const terms = (more: Partial<RequestTerms> = {}): RequestTerms => ({
  signal: never,
  timeoutMs: 5_000,
  maxTotalMs: 50_000,
  ...more,
});

function requests() {
  const givenUp: [number, Fault][] = [];
  return { givenUp, all: new Requests((id, found) => givenUp.push([id, found])) };
}

describe('a request', () => {
  it('ends once, by the first that settles it [R36]', async () => {
    const { all, givenUp } = requests();
    const { id, answer } = all.open(terms());
    expect(all.size).toBe(1);
    expect(all.settle(id, { kind: 'result', result: { first: true } })).toBe(true);
    expect(all.settle(id, { kind: 'result', result: {} })).toBe(false);
    all.failAll(fault('closed', 'late'));
    expect(await answer).toEqual({ kind: 'result', result: { first: true } });
    expect(all.size).toBe(0);
    expect(givenUp).toEqual([]);
  });

  it('is the only one out only while it is alone [R36]', () => {
    const { all } = requests();
    expect(all.only).toBeUndefined();
    const first = all.open(terms());
    expect(all.only).toBe(first.id);
    const second = all.open(terms());
    expect(all.only).toBeUndefined();
    all.settle(first.id, { kind: 'result', result: {} });
    expect(all.only).toBe(second.id);
    all.failAll(fault('closed', 'over'));
  });

  it('ends when its caller leaves, and leaves no listener behind [R36]', async () => {
    const { all, givenUp } = requests();
    const caller = new AbortController();
    const removed = vi.spyOn(caller.signal, 'removeEventListener');
    const answered = all.open(terms({ signal: caller.signal }));
    all.settle(answered.id, { kind: 'result', result: {} });
    expect(removed).toHaveBeenCalledTimes(1);
    const { id, answer } = all.open(terms({ signal: caller.signal }));
    caller.abort();
    const cancelled = fault('cancelled', 'the caller gave up');
    expect(await answer).toEqual({ kind: 'fault', fault: cancelled });
    expect(givenUp).toEqual([[id, cancelled]]);
  });

  it('whose caller has left already is over at once [R36]', async () => {
    const { all } = requests();
    const { answer } = all.open(terms({ signal: AbortSignal.abort() }));
    expect(await answer).toMatchObject({ fault: { mechanism: 'cancelled' } });
    expect(all.size).toBe(0);
  });
});

describe('a deadline', () => {
  it('passes when there is no answer in time, not before [R25]', async () => {
    const { all, givenUp } = requests();
    const { value, ms } = await timed(() => all.open(terms({ timeoutMs: 60 })).answer);
    expect(value).toEqual({ kind: 'fault', fault: fault('deadline', 'the call timed out after 0.06 s') });
    expect(ms).toBeGreaterThanOrEqual(59.9);
    expect(givenUp.length).toBe(1);
  });

  it('of a month does not pass at once, nor does one of Infinity [R25]', async () => {
    const { all } = requests();
    all.open(terms({ timeoutMs: MONTH_MS, maxTotalMs: MONTH_MS }));
    all.open(terms({ timeoutMs: Infinity, maxTotalMs: Infinity }));
    await all.open(terms({ timeoutMs: 60 })).answer;
    expect(all.size).toBe(2);
    all.failAll(fault('closed', 'over'));
  });

  it('starts again with progress, up to the total [R25]', async () => {
    const { all } = requests();
    const seen: unknown[] = [];
    const { id, answer } = all.open(
      terms({ timeoutMs: 80, maxTotalMs: 300, onProgress: (params) => seen.push(params) }),
    );
    const timer = setInterval(() => all.progress(id, { progress: 1 }), 20);
    const { value, ms } = await timed(() => answer);
    clearInterval(timer);
    expect(value).toMatchObject({ fault: { reason: 'the call timed out after 0.3 s in all' } });
    expect(ms).toBeGreaterThanOrEqual(299);
    expect(seen[0]).toEqual({ progress: 1 });
    expect(all.progress(id, {})).toBe(false);
  });

  it.each([20, 300])(
    'that passed during a pause of %d ms loses against an answer in the pipe [R37]',
    async (ms) => {
      const { all, givenUp } = requests();
      const { id, answer } = all.open(terms({ timeoutMs: 30 }));
      // Timers come next, then the sockets, then immediates: what one of these does, a socket could have done.
      setImmediate(() => {
        stall(30 + ms);
        setImmediate(() => all.settle(id, { kind: 'result', result: {} }));
      });
      expect(await answer).toEqual({ kind: 'result', result: {} });
      expect(givenUp).toEqual([]);
    },
  );

  it('that passed during a pause passes when nothing has come [R37]', async () => {
    const { all } = requests();
    const { answer } = all.open(terms({ timeoutMs: 30 }));
    stall(200);
    expect(await answer).toMatchObject({ fault: { mechanism: 'deadline' } });
  });

  it('reads in seconds [R25]', () => {
    expect([30_000, 250, 1.4, 90_500].map(inSeconds)).toEqual(['30 s', '0.25 s', '0.001 s', '90.5 s']);
  });
});

describe('a limit on waiting', () => {
  const hang = (signal: AbortSignal) => unlessAborted(new Promise<never>(() => undefined), signal);

  it('ends the wait with its own fault [R25]', async () => {
    const waited = withinLimit(never, 40, hang);
    await expect(waited).rejects.toThrow(
      new FaultError(fault('deadline', 'connecting timed out after 0.04 s')),
    );
  });

  it('of a month does not end it at once [R25]', async () => {
    const caller = new AbortController();
    let ended = false;
    const waited = withinLimit(caller.signal, MONTH_MS, hang).catch((error: unknown) => {
      ended = true;
      return error;
    });
    await expect(withinLimit(never, 60, hang)).rejects.toThrow('timed out');
    expect(ended).toBe(false);
    caller.abort();
    expect(await waited).toMatchObject({ fault: { mechanism: 'cancelled' } });
  });

  it('that passed during a pause of the process loses against what has come [R37]', async () => {
    const waited = withinLimit(never, 30, (signal) => {
      const come = new Promise<string>((resolve) => {
        setImmediate(() => {
          stall(300);
          setImmediate(() => resolve('in time'));
        });
      });
      return unlessAborted(come, signal);
    });
    expect(await waited).toBe('in time');
  });

  it('leaves no listener behind, and no rejection unhandled [R36]', async () => {
    const caller = new AbortController();
    const added = vi.spyOn(caller.signal, 'addEventListener');
    const removed = vi.spyOn(caller.signal, 'removeEventListener');
    expect(await withinLimit(caller.signal, 1_000, () => Promise.resolve(7))).toBe(7);
    let fail = (): void => undefined;
    const failing = new Promise<void>((_, reject) => (fail = () => reject(new Error('too late'))));
    const waited = withinLimit(caller.signal, 1_000, (signal) => unlessAborted(failing, signal));
    caller.abort();
    await expect(waited).rejects.toThrow('the caller gave up');
    fail();
    await until(() => removed.mock.calls.length === 2);
    expect(added).toHaveBeenCalledTimes(2);
  });
});

describe('a rate gate', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('lets so many through per second, and tells how many it held back [R36]', () => {
    let now = 5_000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const gate = new RateGate(2);
    const passes = (times: number) => Array.from({ length: times }, () => gate.take());
    expect(passes(4).map((each) => each.passes)).toEqual([true, true, false, false]);
    now += 999;
    expect(gate.take()).toEqual({ passes: false, held: 3 });
    now += 1;
    expect(passes(3)).toEqual([
      { passes: true, held: 3 },
      { passes: true, held: 0 },
      { passes: false, held: 1 },
    ]);
  });

  it('of 0 lets nothing through [R36]', () => {
    expect(new RateGate(0).take()).toEqual({ passes: false, held: 1 });
  });
});
