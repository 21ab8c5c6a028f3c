import { createRedaction } from '../logging/redaction.js';
import type { Log } from '../logging/log.js';
import type { LogLevel } from '../logging/json-log.js';
import { LOG_LEVELS } from '../logging/json-log.js';
import type { LogSink } from '../logging/sink.js';

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold';
/** Colours a text, or leaves it as it is where colours are not wanted. */
export type Paint = (colour: Colour, text: string) => string;

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  dim: [2, 22],
  bold: [1, 22],
};
const MAX_SHOWN = 300;

/** Source: https://no-color.org: any value of `NO_COLOR` but the empty one. */
export function createPaint(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  const isPlain = !isTerminal || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return isPlain
    ? (_, text) => text
    : (colour, text) => `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m`;
}

/**
 * Text from elsewhere, fit for a terminal: one line, nothing that moves the cursor, hides or reorders text;
 * such characters are shown as their code. Cut after `maxLength` characters.
 */
export function shown(text: string, maxLength = MAX_SHOWN): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return cut.replace(
    // Control characters, line separators, zero-width and bidirectional controls, tags.
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Local time of day, `14:03:07`. */
export function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => part.toString().padStart(2, '0'))
    .join(':');
}

/** Compact lines for a person: time, level, message, fields. Redacted like the JSON lines. */
export function createTerminalLog(
  sink: LogSink,
  level: LogLevel,
  paint: Paint,
  secrets: readonly string[] = [],
): Log {
  const redaction = createRedaction(secrets);
  const write =
    (own: 'debug' | 'info' | 'warn' | 'error', colour: Colour) =>
    (fields: object, message: string): void => {
      if (LOG_LEVELS.indexOf(own) < LOG_LEVELS.indexOf(level)) return;
      const rest = Object.entries(redaction.fields(fields)).map(
        ([key, value]) => `${key}=${shownValue(value)}`,
      );
      const label = paint(colour, own.padEnd(5));
      const text = shown([redaction.text(message), ...rest].join('  '));
      sink.write(`${paint('dim', timeOfDay(new Date()))} ${label} ${text}\n`);
    };
  return {
    debug: write('debug', 'dim'),
    info: write('info', 'dim'),
    warn: write('warn', 'yellow'),
    error: write('error', 'red'),
  };
}

/** An error by its message: its stack is for the JSON lines. */
function shownValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'stack' in value && 'message' in value) {
    return String(value.message);
  }
  return JSON.stringify(value);
}
