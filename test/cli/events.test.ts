import { describe, expect, it } from 'vitest';
import { eventLine, logEvent } from '../../src/cli/event-report.js';
import { createPaint, createTerminalLog, shown } from '../../src/cli/terminal.js';
import type { EngineEvent } from '../../src/engine/events.js';
import { createJsonLog } from '../../src/logging/json-log.js';

const stamp = { sequence: 7, at: 1234.5, time: '2026-08-01T10:00:00.000Z', backend: 'one' };
const change = { ...stamp, type: 'circuit.changed', generation: 3, cause: 'call.failed' } as const;
const health = { ...stamp, type: 'health.changed', cause: 'check.failed' } as const;

function rateOf(of: 'failures' | 'slowCalls') {
  const limits = { of, threshold: 0.5, window: { calls: 20 }, minimumCalls: 10 } as const;
  return { ...limits, matching: 12, calls: 20, rate: 0.6 };
}

const EVENTS: readonly (readonly [event: EngineEvent, level: string, line: string])[] = [
  [
    { ...change, from: 'closed', to: 'open', category: 'timeout', retryAfterMs: 20_000 },
    'warn',
    'circuit  closed → open  call.failed: timeout · next attempt in 20 s',
  ],
  [
    {
      ...change,
      from: 'closed',
      to: 'open',
      category: 'timeout',
      retryAfterMs: 20_000,
      rate: rateOf('failures'),
    },
    'warn',
    'circuit  closed → open  call.failed: timeout · 60 % of 20 calls failed, the limit is 50 % · next attempt in 20 s',
  ],
  [
    {
      ...change,
      from: 'closed',
      to: 'open',
      cause: 'call.slow',
      retryAfterMs: 1000,
      rate: rateOf('slowCalls'),
    },
    'warn',
    'circuit  closed → open  a call was slow · 60 % of 20 calls were slow, the limit is 50 % · next attempt in 1 s',
  ],
  [
    { ...change, from: 'open', to: 'half-open', cause: 'openFor' },
    'info',
    'circuit  open → half-open  the open time is over',
  ],
  [
    { ...change, from: 'half-open', to: 'closed', cause: 'check.succeeded' },
    'info',
    'circuit  half-open → closed  check.succeeded',
  ],
  [
    { ...change, from: 'closed', to: 'isolated', cause: 'circuit.isolate' },
    'warn',
    'circuit  closed → isolated  circuit.isolate',
  ],
  [
    { ...change, from: 'disabled', to: 'closed', cause: 'backend.replaced' },
    'info',
    'circuit  disabled → closed  backend.replaced',
  ],
  [
    { ...health, from: 'unknown', to: 'healthy', cause: 'check.succeeded' },
    'info',
    'health  unknown → healthy  check.succeeded',
  ],
  [
    { ...health, from: 'healthy', to: 'degraded', cause: 'check.slow' },
    'warn',
    'health  healthy → degraded  check.slow',
  ],
  [
    { ...health, from: 'healthy', to: 'unhealthy', category: 'connection_failed' },
    'warn',
    'health  healthy → unhealthy  check.failed: connection_failed',
  ],
  [
    { ...health, from: 'healthy', to: 'unauthenticated', category: 'authentication_failed' },
    'warn',
    'health  healthy → unauthenticated  check.failed: authentication_failed',
  ],
  [{ ...stamp, type: 'backend.added' }, 'info', 'backend  added'],
  [{ ...stamp, type: 'backend.removed' }, 'info', 'backend  removed'],
  [{ ...stamp, type: 'backend.draining' }, 'info', 'backend  draining'],
  [{ ...stamp, type: 'backend.replaced' }, 'info', 'backend  replaced'],
  [{ ...stamp, type: 'backend.restarted' }, 'info', 'backend  restarted'],
  [
    { ...stamp, type: 'backend.crashed', error: new Error('boom'), crashes: 2, restartInMs: 200 },
    'error',
    'backend  crashed  boom · crash 2 · restart in 200 ms',
  ],
  [
    { ...stamp, type: 'backend.gaveUp', error: 'not an Error', crashes: 4 },
    'error',
    'backend  given up  not an Error · after 4 crashes · reset it to try again',
  ],
];

const plain = createPaint(false, {});
const asIs = (text: string): string => text;

function jsonLines(log: (write: ReturnType<typeof createJsonLog>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  log(createJsonLog({ write: (line) => lines.push(line), flush: () => Promise.resolve() }, 'debug'));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('an event', () => {
  it.each(EVENTS)('%j has one line on a terminal [R32]', (event, _, line) => {
    const text = eventLine(event, plain, asIs);
    expect(text.slice(8)).toBe(`  one  ${line}\n`);
    expect(text.slice(0, 8)).toMatch(/^\d\d:\d\d:\d\d$/);
  });

  it.each(EVENTS)(
    '%j has one line of JSON at its level, with all that it says [R32]',
    (event, level, line) => {
      const lines = jsonLines((log) => logEvent(log, event));
      expect(lines).toHaveLength(1);
      const { type, at, time, ...rest } = event;
      const told = 'error' in rest ? { ...rest, error: expect.anything() as unknown } : rest;
      expect(lines[0]).toMatchObject({ level, event: type, atMs: at, eventTime: time, ...told });
      const [subject = '', what = ''] = line.split('  ');
      expect(lines[0]?.['msg']).toBe(`${subject} ${what}`);
    },
  );

  it('every type of event is among these [R32]', () => {
    const types: Record<EngineEvent['type'], true> = {
      'circuit.changed': true,
      'health.changed': true,
      'backend.added': true,
      'backend.removed': true,
      'backend.draining': true,
      'backend.replaced': true,
      'backend.crashed': true,
      'backend.restarted': true,
      'backend.gaveUp': true,
    };
    expect(new Set(EVENTS.map(([{ type }]) => type))).toEqual(new Set(Object.keys(types)));
  });

  it.each([
    [998.2, '999 ms'],
    [999.2, '1 s'],
    [1000, '1 s'],
    [1001, '1.1 s'],
    [59_900, '59.9 s'],
    [59_950, '1 min'],
    [60_000, '1 min'],
    [90_000, '1.5 min'],
    [0, '0 ms'],
  ])('%d ms are told as %s: never shorter than they are [R32]', (retryAfterMs, text) => {
    expect(eventLine({ ...change, from: 'closed', to: 'open', retryAfterMs }, plain, asIs)).toContain(
      `next attempt in ${text}\n`,
    );
  });
});

describe('text from elsewhere', () => {
  it.each([
    ['\u001b[31mred', '\\u{1b}[31mred'],
    ['a\nb\r\tc', 'a\\u{a}b\\u{d}\\u{9}c'],
    ['\u202eabc\u2066', '\\u{202e}abc\\u{2066}'],
    ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
    ['\u009b2J\u2028\u2029', '\\u{9b}2J\\u{2028}\\u{2029}'],
    ['\u{e0041}tag', '\\u{e0041}tag'],
    ['\ud800', '\\u{d800}'],
    ['Ünïcode 日本 🦉', 'Ünïcode 日本 🦉'],
  ])('%j is shown as %j [R36]', (text, safe) => {
    expect(shown(text)).toBe(safe);
    const event: EngineEvent = { ...stamp, type: 'backend.added', backend: text };
    expect(eventLine(event, plain, asIs)).toContain(`  ${safe}  `);
  });

  it('is cut after 300 characters [R36]', () => {
    expect(shown('x'.repeat(300))).toBe('x'.repeat(300));
    expect(shown('x'.repeat(301))).toBe(`${'x'.repeat(300)}…`);
    expect(shown('x'.repeat(1_000_000))).toHaveLength(301);
  });

  it('an error of a backend cannot make a second line [R36]', () => {
    const error = new Error('x\n12:00:00  other  open → closed');
    const event: EngineEvent = { ...stamp, type: 'backend.crashed', error, crashes: 1, restartInMs: 1 };
    expect(eventLine(event, plain, asIs).split('\n')).toHaveLength(2);
  });
});

describe('the log on a terminal', () => {
  const linesOf = (
    level: 'debug' | 'warn' | 'silent',
    log: (log: ReturnType<typeof createTerminalLog>) => void,
  ) => {
    const lines: string[] = [];
    const sink = { write: (line: string) => lines.push(line), flush: () => Promise.resolve() };
    log(createTerminalLog(sink, level, plain, ['hush-hush']));
    return lines.map((line) => line.slice(9));
  };

  it('is a line of level, message and fields, an error by its message [R32]', () => {
    const lines = linesOf('debug', (log) => {
      log.warn({ backend: 'one', count: 3, error: new Error('boom'), list: [1] }, 'it failed');
      log.debug({}, 'a\nb');
    });
    expect(lines).toEqual([
      'warn  it failed  backend=one  count=3  error=boom  list=[1]\n',
      'debug a\\u{a}b\n',
    ]);
  });

  it('leaves out what is below its level [R32]', () => {
    const all = (log: ReturnType<typeof createTerminalLog>): void => {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]({}, 'x');
    };
    expect(linesOf('warn', all)).toEqual(['warn  x\n', 'error x\n']);
    expect(linesOf('silent', all)).toEqual([]);
  });

  it('holds no secret, neither by key nor by value [R30]', () => {
    const [line] = linesOf('warn', (log) =>
      log.error({ token: 'abc', said: 'it is hush-hush', error: new Error('hush-hush') }, 'hush-hush!'),
    );
    expect(line).toBe('error [redacted]!  token=[redacted]  said=it is [redacted]  error=[redacted]\n');
  });
});
