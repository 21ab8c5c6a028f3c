import { Writable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLogSink } from '../../src/logging/sink.js';

/** A reader that can stop reading. */
class Reader extends Writable {
  text = '';
  #reads = true;
  #waiting: (() => void) | undefined;
  constructor() {
    super({ decodeStrings: false });
  }
  stop(): void {
    this.#reads = false;
  }
  go(): void {
    this.#reads = true;
    this.#waiting?.();
  }
  override _write(chunk: string, _: string, done: (error?: Error) => void): void {
    const take = (): void => {
      this.text += chunk;
      done();
    };
    if (this.#reads) take();
    else this.#waiting = take;
  }
}

const LINE = `${'x'.repeat(1023)}\n`;
const sinkOf = (stream: Writable) => createLogSink(stream, (dropped) => `${dropped} dropped\n`);

afterEach(() => {
  vi.useRealTimers();
});

describe('a log that is read', () => {
  it('gets every line in order [R40]', async () => {
    const reader = new Reader();
    const sink = sinkOf(reader);
    for (let count = 0; count < 1000; count += 1) sink.write(`${count}\n`);
    await sink.flush(1000);
    expect(reader.text).toBe(Array.from({ length: 1000 }, (_, count) => `${count}\n`).join(''));
  });
});

describe('a log that is not read', () => {
  it('keeps 1 MiB and drops the rest without waiting; the next line through says how many [R40]', async () => {
    const reader = new Reader();
    const sink = sinkOf(reader);
    reader.stop();
    for (let count = 0; count < 5000; count += 1) sink.write(LINE);
    expect(reader.writableLength).toBeLessThanOrEqual(1024 * 1024 + LINE.length);
    reader.go();
    sink.write('after\n');
    await sink.flush(1000);
    const lines = reader.text.split('\n').slice(0, -1);
    const whole = lines.filter((line) => line.startsWith('x')).length;
    expect(lines.filter((line) => !line.startsWith('x'))).toEqual([`${5000 - whole} dropped`, 'after']);
    expect(whole).toBe(1025);
  });

  it('says how many as soon as it is read again, even if nothing more is logged [R40]', async () => {
    const reader = new Reader();
    const sink = sinkOf(reader);
    reader.stop();
    for (let count = 0; count < 2000; count += 1) sink.write(LINE);
    reader.go();
    await vi.waitFor(() => expect(reader.text).toMatch(/\n975 dropped\n$/));
  });

  it('counts anew after it has told [R40]', async () => {
    const reader = new Reader();
    const sink = sinkOf(reader);
    for (const lines of [1100, 1200]) {
      reader.stop();
      for (let count = 0; count < lines; count += 1) sink.write(LINE);
      reader.go();
      await vi.waitFor(() => expect(reader.text).toMatch(/dropped\n$/));
    }
    expect(reader.text.match(/\d+ dropped/g)).toEqual(['75 dropped', '175 dropped']);
  });

  it('is waited for at the end, but not longer than told [R40]', async () => {
    vi.useFakeTimers();
    const reader = new Reader();
    const sink = sinkOf(reader);
    reader.stop();
    sink.write(LINE);
    let isFlushed = false;
    void sink.flush(500).then(() => (isFlushed = true));
    await vi.advanceTimersByTimeAsync(499);
    expect(isFlushed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(isFlushed).toBe(true);
  });

  it('that has been read is not waited for [R40]', async () => {
    const sink = sinkOf(new Reader());
    await expect(sink.flush(2 ** 30)).resolves.toBeUndefined();
  });
});

describe('a log whose reader is gone', () => {
  it.each<[name: string, stream: () => Writable]>([
    ['breaks with EPIPE', () => new Writable({ write: (_, __, done) => done(new Error('EPIPE')) })],
    ['was destroyed', () => new Writable({ write: (_, __, done) => done() }).destroy()],
    [
      'was destroyed with an error',
      () => new Writable({ write: (_, __, done) => done() }).destroy(new Error('x')),
    ],
    ['was ended', () => new Writable({ write: (_, __, done) => done() }).end()],
  ])('that %s costs lines and nothing else [R40]', async (_, make) => {
    const stream = make();
    const sink = sinkOf(stream);
    const write = (): void => sink.write(LINE);
    expect(write).not.toThrow();
    await vi.waitFor(() => expect(stream.writable).toBe(false));
    for (let count = 0; count < 2000; count += 1) expect(write).not.toThrow();
    await expect(sink.flush(2 ** 30)).resolves.toBeUndefined();
  });
});
