import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../src/engine/deadlines.js';
import { SystemClock } from '../../src/engine/system-clock.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';

describe('deadlines', () => {
  it('Infinity is never, NaN is an error, and removing twice changes nothing [R03]', () => {
    const deadlines = new Deadlines();
    deadlines.add(() => undefined, 0, Infinity);
    expect(deadlines.size).toBe(0);
    expect(() => deadlines.add(() => undefined, 0, NaN)).toThrow(TypeError);
    const one = deadlines.add(() => undefined, 0, 5);
    deadlines.remove(one);
    deadlines.remove(one);
    expect(deadlines.size).toBe(0);
  });
});

describe('the virtual clock', () => {
  it('chained delays each start at the due time of the one before [R03]', () => {
    const clock = new VirtualClock();
    const at: number[] = [];
    const again = () => {
      at.push(clock.now());
      if (at.length < 3) clock.setTimeout(again, 100);
    };
    clock.setTimeout(again, 100);
    clock.advance(300);
    expect(at).toEqual([100, 200, 300]);
  });
});

describe('the system clock', () => {
  it('fires in order, never early, and forgets what is cleared [R03]', async () => {
    const clock = new SystemClock();
    const start = clock.now();
    const fired: [string, boolean][] = [];
    const note = (name: string, ms: number) =>
      clock.setTimeout(() => fired.push([name, clock.now() - start >= ms]), ms);
    note('late', 30);
    note('early', 10);
    clock.clearTimeout(note('never', 20));
    await new Promise<void>((resolve) => {
      const keepAlive = setInterval(() => undefined, 1000);
      clock.setTimeout(() => {
        clearInterval(keepAlive);
        resolve();
      }, 40);
    });
    expect(fired).toEqual([
      ['early', true],
      ['late', true],
    ]);
  });

  it('fires what a pause of the process held up at once, not when something else happens next [R03] [R37]', () => {
    const module = new URL('../../dist/src/engine/system-clock.js', import.meta.url).href;
    // In a process of its own: here the test runner keeps the event loop turning.
    const script = `
      import { createServer } from 'node:net';
      import { SystemClock } from '${module}';
      const clock = new SystemClock();
      const server = createServer().listen(0, '127.0.0.1', () => {
        const start = clock.now();
        setTimeout(() => process.exit(), 1500);
        clock.setTimeout(() => console.log(clock.now() - start), 10);
        while (clock.now() - start < 60);
      });`;
    const args = ['--input-type=module', '--eval', script];
    const firedAt = Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    expect(firedAt).toBeGreaterThan(10);
    expect(firedAt).toBeLessThan(1_000);
  });

  it('a callback that clears or sets others while it runs loses none [R03]', async () => {
    const clock = new SystemClock();
    const fired: string[] = [];
    await new Promise<void>((resolve) => {
      const keepAlive = setInterval(() => undefined, 1000);
      clock.setTimeout(() => {
        fired.push('first');
        clock.clearTimeout(doomed);
        clock.setTimeout(() => {
          fired.push('second');
          clearInterval(keepAlive);
          resolve();
        }, 0);
      }, 5);
      const doomed = clock.setTimeout(() => fired.push('doomed'), 5);
    });
    expect(fired).toEqual(['first', 'second']);
  });

  it('a pending deadline does not keep the process alive, whatever its length [R19]', () => {
    const script = `
      import { SystemClock } from './dist/src/engine/system-clock.js';
      const clock = new SystemClock();
      for (const ms of [1e9, 2 ** 31, 1e15, Infinity]) clock.setTimeout(() => console.log('fired', ms), ms);
    `;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 10_000 });
    expect(output.toString()).toBe('');
  });
});
