import type { EngineEvent } from '../engine/events.js';
import type { Log } from '../logging/log.js';
import { shown, timeOfDay } from './terminal.js';
import type { Colour, Paint } from './terminal.js';

type Of<T extends EngineEvent['type']> = Extract<EngineEvent, { readonly type: T }>;

/** An event in words. */
export interface Telling {
  readonly level: 'info' | 'warn' | 'error';
  readonly colour: Colour;
  /** `circuit`, `health` or `backend`. */
  readonly subject: string;
  /** `closed → open`, `crashed`. */
  readonly what: string;
  /** Why, and what comes next. */
  readonly details: readonly string[];
}

/** Writes an event to a structured log: once, with its place in the sequence, its level by what it means. */
export function logEvent(log: Log, event: EngineEvent): void {
  const { type, at, time, ...rest } = event;
  const { level, subject, what } = tell(event);
  log[level]({ event: type, atMs: at, eventTime: time, ...rest }, `${subject} ${what}`);
}

/**
 * An event as one line for a person: time, backend, `closed → open`, why, when next.
 *
 * @param redact takes secrets out of the details, which may hold the text of an error.
 */
export function eventLine(event: EngineEvent, paint: Paint, redact: (text: string) => string): string {
  const { colour, subject, what, details } = tell(event);
  return [
    paint('dim', timeOfDay(new Date(event.time))),
    paint('bold', shown(event.backend)),
    subject,
    paint(colour, what),
    ...(details.length > 0 ? [paint('dim', shown(redact(details.join(' · '))))] : []),
  ]
    .join('  ')
    .concat('\n');
}

/** Milliseconds for a person, rounded up: `800 ms`, `20 s`, `1.5 s`, `2 min`. */
function readable(ms: number): string {
  // Rounded before they are compared: neither `1000 ms` nor `60 s`.
  if (Math.ceil(ms) < 1000) return `${Math.ceil(ms)} ms`;
  if (Math.ceil(ms / 100) < 600) return `${Math.ceil(ms / 100) / 10} s`;
  return `${Math.ceil(ms / 6000) / 10} min`;
}

/** An event in words, without its time and its backend. */
export function tell(event: EngineEvent): Telling {
  switch (event.type) {
    case 'circuit.changed':
      return circuitChange(event);
    case 'health.changed':
      return healthChange(event);
    case 'backend.crashed': {
      const details = [errorText(event.error), `crash ${event.crashes}`];
      const next = `restart in ${readable(event.restartInMs)}`;
      return {
        level: 'error',
        colour: 'red',
        subject: 'backend',
        what: 'crashed',
        details: [...details, next],
      };
    }
    case 'backend.gaveUp': {
      const details = [errorText(event.error), `after ${event.crashes} crashes`, 'reset it to try again'];
      return { level: 'error', colour: 'red', subject: 'backend', what: 'given up', details };
    }
    case 'backend.added':
    case 'backend.removed':
    case 'backend.draining':
    case 'backend.replaced':
    case 'backend.restarted':
      return {
        level: 'info',
        colour: 'dim',
        subject: 'backend',
        what: event.type.slice('backend.'.length),
        details: [],
      };
  }
}

function circuitChange(event: Of<'circuit.changed'>): Telling {
  const { from, to, retryAfterMs } = event;
  const isDown = to === 'open' || to === 'isolated';
  const next = retryAfterMs === undefined ? [] : [`next attempt in ${readable(retryAfterMs)}`];
  return {
    level: isDown ? 'warn' : 'info',
    colour: isDown ? 'red' : to === 'closed' ? 'green' : 'yellow',
    subject: 'circuit',
    what: `${from} → ${to}`,
    details: [...why(event), ...rateOf(event), ...next],
  };
}

function rateOf({ rate }: Of<'circuit.changed'>): string[] {
  if (!rate) return [];
  const [percent, limit] = [rate.rate, rate.threshold].map((share) => `${Math.round(share * 100)} %`);
  const what = rate.of === 'failures' ? 'failed' : 'were slow';
  return [`${percent} of ${rate.calls} calls ${what}, the limit is ${limit}`];
}

function healthChange(event: Of<'health.changed'>): Telling {
  const { from, to } = event;
  const isWell = to === 'healthy' || to === 'unknown';
  return {
    level: isWell ? 'info' : 'warn',
    colour: isWell ? 'green' : 'yellow',
    subject: 'health',
    what: `${from} → ${to}`,
    details: why(event),
  };
}

function why({ cause, category }: { cause: string; category?: string }): string[] {
  const said = CAUSES.get(cause) ?? cause;
  return category === undefined ? [said] : [`${said}: ${category}`];
}

/** What the machine's own names do not say to everybody; every other cause is an event and says it itself. */
const CAUSES: ReadonlyMap<string, string> = new Map([
  ['openFor', 'the open time is over'],
  ['probeLimit', 'no probe settled in time'],
  ['call.slow', 'a call was slow'],
]);

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
