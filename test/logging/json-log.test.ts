import { describe, expect, it } from 'vitest';
import { silent } from '../../src/logging/log.js';
import { createJsonLog, droppedJsonLine, LOG_LEVELS } from '../../src/logging/json-log.js';
import type { LogLevel } from '../../src/logging/json-log.js';

function written(level: LogLevel, log: (log: ReturnType<typeof createJsonLog>) => void): string[] {
  const lines: string[] = [];
  const sink = { write: (line: string) => lines.push(line), flush: () => Promise.resolve() };
  log(createJsonLog(sink, level, ['hush-hush']));
  return lines;
}

describe('a line of the JSON log', () => {
  it('has level, time, fields and message, and ends with a newline [R32]', () => {
    const [line = ''] = written('info', (log) => log.warn({ backend: 'one', count: 3 }, 'it failed'));
    expect(line).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(line)).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      backend: 'one',
      count: 3,
      msg: 'it failed',
    });
  });

  it('an error is an object with type, message, stack and cause [R32]', () => {
    const error = Object.assign(new TypeError('no', { cause: new Error('why') }), { code: 'ECODE' });
    const [line = ''] = written('info', (log) => log.error({ error }, 'it failed'));
    expect(JSON.parse(line)).toMatchObject({
      error: {
        type: 'TypeError',
        message: 'no',
        code: 'ECODE',
        stack: expect.stringContaining('json-log.test') as string,
        cause: { type: 'Error', message: 'why' },
      },
    });
  });

  it('an error in place of the fields does not lose its message [R32]', () => {
    const [line = ''] = written('info', (log) =>
      log.error(Object.assign(new Error('x'), { code: 'E' }), 'm'),
    );
    expect(JSON.parse(line)).toMatchObject({ code: 'E', msg: 'm' });
  });

  it('holds no secret, in fields, message or stack [R30]', () => {
    const error = new Error('hush-hush');
    const [line] = written('info', (log) =>
      log.info({ error, Cookie: 'abc', said: ['hush-hush'] }, 'hush-hush'),
    );
    expect(line).not.toMatch(/hush|abc/);
  });

  it('is one line, without characters that move, hide or reorder text, and means the same [R36]', () => {
    const hostile = 'a\nb\u001b[2J\u009b2J\u202e\u2066\u200b\u2028\u2029\u007f\u{e0041}é🦉';
    const [line = ''] = written('info', (log) => log.info({ [hostile]: hostile }, hostile));
    expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(line).toContain('é🦉');
    expect(JSON.parse(line)).toMatchObject({ [hostile]: hostile, msg: hostile });
  });

  it.each(LOG_LEVELS)('at level %s what is below it is left out [R32]', (level) => {
    const methods = ['debug', 'info', 'warn', 'error'] as const;
    const lines = written(level, (log) => {
      for (const method of methods) log[method]({}, method);
    });
    const from = LOG_LEVELS.indexOf(level);
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(methods.slice(from));
  });

  it('dropped lines are told as a line like any other [R40]', () => {
    expect(JSON.parse(droppedJsonLine(12))).toMatchObject({ level: 'warn', dropped: 12 });
    expect(droppedJsonLine(1)).toMatch(/\n$/);
  });

  it('a silent log says nothing [R32]', () => {
    for (const method of ['debug', 'info', 'warn', 'error'] as const) {
      expect(() => silent[method]({}, 'x')).not.toThrow();
    }
  });
});
