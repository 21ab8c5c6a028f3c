import { pino } from 'pino';
import { createRedaction } from './redaction.js';
import type { Log } from './log.js';
import type { LogSink } from './sink.js';

/** From most to least talkative. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * JSON lines: `level` as a word, `time` in ISO 8601, the fields, `msg`. Nothing secret is written, see
 * `createRedaction`.
 *
 * @param secrets values that must never be written.
 */
export function createJsonLog(sink: LogSink, level: LogLevel, secrets: readonly string[] = []): Log {
  const redaction = createRedaction(secrets);
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => redaction.fields(fields) },
    },
    { write: (line) => sink.write(escaped(line)) },
  );
  const write =
    (method: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: object, message: string): void =>
      // A copy: pino treats an `Error` in the first place, and its stack, in its own way.
      logger[method]({ ...fields }, redaction.text(message));
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** Whoever prints the log on a terminal sees what moves the cursor, hides or reorders text as JSON escapes. */
function escaped(line: string): string {
  return line.replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (char) =>
    Array.from({ length: char.length }, (_, index) => char.charCodeAt(index))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** What the sink of a JSON log writes in place of lines that were dropped. */
export function droppedJsonLine(dropped: number): string {
  const time = new Date().toISOString();
  return `${JSON.stringify({ level: 'warn', time, dropped, msg: 'log lines were dropped: stderr was not read' })}\n`;
}
