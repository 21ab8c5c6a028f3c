import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPatientStream } from '../../src/cli/patient-stream.js';
import { createLogSink } from '../../src/logging/sink.js';

let disk = '';
let room = Infinity;
/** A disk with so much room, which then says ENOSPC as the system does. */
const write = (_: number, bytes: Uint8Array, offset: number): number => {
  const length = Math.min(bytes.length - offset, room);
  if (length === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  disk += Buffer.from(bytes.subarray(offset, offset + length)).toString();
  room -= length;
  return length;
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  disk = '';
  room = Infinity;
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a log on a disk', () => {
  it('is written at once while there is room [R40]', () => {
    const stream = createPatientStream(2, write);
    stream.write('one\n');
    stream.write('two\n');
    expect(disk).toBe('one\ntwo\n');
  });

  it('waits while the disk is full, and goes on where it stopped when there is room [R40]', async () => {
    const stream = createPatientStream(2, write);
    room = 6;
    stream.write('one\n');
    stream.write('two\n');
    stream.write('three\n');
    expect(disk).toBe('one\ntw');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(disk).toBe('one\ntw');
    room = Infinity;
    await vi.advanceTimersByTimeAsync(1000);
    expect(disk).toBe('one\ntwo\nthree\n');
    expect([stream.writable, stream.errored]).toEqual([true, null]);
  });

  it('a full disk costs lines beyond the limit, and says how many [R40]', async () => {
    const sink = createLogSink(createPatientStream(2, write), (dropped) => `${dropped} dropped\n`);
    room = 0;
    const line = `${'x'.repeat(1023)}\n`;
    for (let count = 0; count < 2000; count += 1) sink.write(line);
    room = Infinity;
    await vi.advanceTimersByTimeAsync(1000);
    const lines = disk.split('\n').slice(0, -1);
    expect(lines.at(-1)).toBe('975 dropped');
    expect(lines).toHaveLength(2000 - 975 + 1);
  });

  it('does not keep the process from ending [R40]', async () => {
    const sink = createLogSink(createPatientStream(2, write), () => '');
    room = 0;
    sink.write('last words\n');
    const flushed = sink.flush(500);
    await vi.advanceTimersByTimeAsync(500);
    await expect(flushed).resolves.toBeUndefined();
  });
});
