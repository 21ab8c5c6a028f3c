import type { InspectionEvent } from 'xstate';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Audience } from '../../src/inspect/audience.js';
import { INSPECT_LIMITS } from '../../src/inspect/limits.js';
import { harness, policy } from '../engine/harness.js';

/** A viewer's socket, which keeps what it is sent until the test says that it was read. */
class FakeSocket {
  bufferedAmount = 0;
  readonly messages: { type: string; sessionId: string; event?: { type: string } }[] = [];
  /** Whether it leaves unread what it is sent. */
  isSlow = false;

  send(text: string): void {
    this.messages.push(JSON.parse(text) as (typeof this.messages)[number]);
    if (this.isSlow) this.bufferedAmount += text.length;
  }

  types(): string[] {
    return this.messages.map(({ type }) => type.slice('@xstate.'.length));
  }
}

let attached = 0;

/** An engine and who watches it; nobody does yet. */
function watched(config?: Parameters<typeof harness>[0]) {
  const running = harness(config, { checked: false });
  const inspect = (inspector: (event: InspectionEvent) => void) => {
    attached += 1;
    const leave = running.engine.inspect(inspector);
    return () => {
      attached -= 1;
      leave();
    };
  };
  return { ...running, audience: new Audience({ inspect: inspect as never, redact: (text) => text }) };
}

const frame = () => vi.advanceTimersByTime(INSPECT_LIMITS.frameMs);

describe('the audience of the actors', () => {
  beforeEach(() => {
    attached = 0;
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it('is attached only while somebody watches [R33]', () => {
    const { audience } = watched();
    const [one, two] = [new FakeSocket(), new FakeSocket()];
    expect(attached).toBe(0);
    audience.add(one);
    audience.add(two);
    expect(attached).toBe(1);
    expect(audience.size).toBe(2);
    audience.remove(one);
    expect(attached).toBe(1);
    audience.remove(two);
    audience.remove(two);
    expect(attached).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    audience.add(one);
    expect(attached).toBe(1);
  });

  it('is told what is there when it comes, each for itself, and then every step once [R33]', () => {
    const { audience, fail } = watched();
    const [early, late] = [new FakeSocket(), new FakeSocket()];
    audience.add(early);
    expect(early.types()).toEqual(['actor', 'snapshot', 'actor', 'snapshot']);
    fail(1);
    frame();
    const steps = early.types().slice(4);
    expect(steps).toEqual(expect.arrayContaining(['event', 'snapshot']));
    audience.add(late);
    expect(late.types()).toEqual(['actor', 'snapshot', 'actor', 'snapshot']);
    expect(early.types()).toHaveLength(4 + steps.length);
    fail(1);
    frame();
    expect(late.types().slice(4)).toEqual(steps);
    expect(early.messages.slice(4 + steps.length)).toEqual(late.messages.slice(4));
  });

  it('who comes between two frames misses nothing and hears nothing twice [R33]', () => {
    const { audience, fail } = watched();
    const [early, late] = [new FakeSocket(), new FakeSocket()];
    audience.add(early);
    fail(2);
    audience.add(late);
    fail(1);
    frame();
    const failures = ({ messages }: FakeSocket) =>
      messages.filter(({ type, event }) => type === '@xstate.event' && event?.type === 'call.failed');
    expect(failures(early)).toHaveLength(3);
    expect(failures(late)).toHaveLength(1);
  });

  it('one that does not read is sent no more than its share, and costs the others nothing [R33] [R36]', () => {
    const { audience, engine } = watched();
    const [slow, quick] = [new FakeSocket(), new FakeSocket()];
    slow.isSlow = true;
    audience.add(slow);
    audience.add(quick);
    for (let round = 0; round < 2000; round += 1) {
      engine.isolate('one');
      engine.release('one');
      frame();
    }
    const share = slow.messages.length;
    expect(slow.bufferedAmount).toBeGreaterThan(INSPECT_LIMITS.maxUnreadBytes);
    expect(slow.bufferedAmount).toBeLessThan(1.1 * INSPECT_LIMITS.maxUnreadBytes);
    expect(quick.messages.length).toBeGreaterThan(2 * share);
  });

  it('one that fell behind is told anew how everything stands, once it has read [R33] [R36]', () => {
    const { audience, engine } = watched();
    const slow = new FakeSocket();
    audience.add(slow);
    slow.bufferedAmount = INSPECT_LIMITS.maxUnreadBytes + 1;
    const before = slow.messages.length;
    for (let step = 0; step < INSPECT_LIMITS.maxWaiting; step += 1) {
      engine.isolate('one');
      engine.release('one');
    }
    frame();
    expect(slow.messages).toHaveLength(before);
    slow.bufferedAmount = 0;
    frame();
    expect(slow.types().slice(before)).toEqual(['actor', 'snapshot', 'actor', 'snapshot']);
    engine.isolate('one');
    frame();
    expect(slow.types().slice(before + 4)).toEqual(['event', 'snapshot']);
  });

  it('takes a bounded share of the time, however much there is to tell [R33] [R35]', () => {
    vi.useRealTimers();
    const backends = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`b${index}`, policy]));
    const { audience } = watched({ backends });
    const socket = new FakeSocket();
    let time = 0;
    // Each look at the time takes a millisecond: a slice has room for as many messages as it has milliseconds.
    const now = vi.spyOn(performance, 'now').mockImplementation(() => (time += 1));
    audience.add(socket);
    now.mockRestore();
    audience.remove(socket);
    expect(socket.messages).toHaveLength(INSPECT_LIMITS.sliceMs - 1);
  });
});
