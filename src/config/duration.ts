/** A length of time in nanoseconds, in the range of a signed 64-bit integer: what Go's `time.Duration` is. */
export type Duration = bigint;

/** A text that is not a duration; its message is the one that Go gives. */
export class DurationError extends Error {
  readonly code = 'INVALID_DURATION';
}

const NANOSECONDS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n], // U+00B5
  ['μs', 1_000n], // U+03BC
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const LIMIT = 1n << 63n;
const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;

/**
 * Reads a duration as Go does: an optional sign, then numbers with an optional fraction, each with its unit
 * (`ns us µs ms s m h`); or a bare `0`. Digits beyond a nanosecond are cut off.
 *
 * @throws DurationError for anything else, for a number without unit, and beyond ±2⁶³ ns (about 292 years).
 * Source: Go, package time, `ParseDuration`.
 */
export function parseDuration(text: string): Duration {
  const invalid = () => new DurationError(`time: invalid duration ${quote(text)}`);
  const negative = text.startsWith('-');
  let rest = negative || text.startsWith('+') ? text.slice(1) : text;
  if (rest === '0') return 0n;
  if (rest === '') throw invalid();
  let total = 0n;
  while (rest !== '') {
    const match = /^([0-9]*)(\.([0-9]*))?([^.0-9]*)/.exec(rest);
    const [part = '', whole = '', , fraction = '', unit = ''] = match ?? [];
    if (whole === '' && fraction === '') throw invalid();
    const scale = NANOSECONDS.get(unit);
    if (unit === '') throw new DurationError(`time: missing unit in duration ${quote(text)}`);
    if (scale === undefined) {
      throw new DurationError(`time: unknown unit ${quote(unit)} in duration ${quote(text)}`);
    }
    const value = BigInt(whole);
    // The bounds are checked part by part, as Go's 64-bit arithmetic does.
    if (value > LIMIT / scale) throw invalid();
    total += value * scale + fractionOf(fraction, scale);
    if (total > LIMIT) throw invalid();
    rest = rest.slice(part.length);
  }
  if (negative) return -total;
  if (total > LIMIT - 1n) throw invalid();
  return total;
}

/** Nanoseconds in `.digits` of a unit, computed in floating point like Go, so that both cut alike. */
function fractionOf(digits: string, scale: bigint): bigint {
  let fraction = 0n;
  let divisor = 1;
  for (const digit of digits) {
    const next = fraction * 10n + BigInt(digit);
    if (fraction > (LIMIT - 1n) / 10n || next > LIMIT) break;
    fraction = next;
    divisor *= 10;
  }
  if (fraction === 0n) return 0n;
  return BigInt(Math.trunc(Number(fraction) * (Number(scale) / divisor)));
}

/**
 * Prints a duration as Go does: `1m30s`, `500ms`, `2h0m0s`, `1.5s`, and `0s` for zero.
 *
 * Source: Go, package time, `Duration.String`.
 */
export function formatDuration(duration: Duration): string {
  if (duration === 0n) return '0s';
  const sign = duration < 0n ? '-' : '';
  const rest = duration < 0n ? -duration : duration;
  if (rest < 1_000n) return `${sign}${rest.toString()}ns`;
  if (rest < 1_000_000n) return `${sign}${decimal(rest, 1_000n)}µs`;
  if (rest < SECOND) return `${sign}${decimal(rest, 1_000_000n)}ms`;
  const hours = rest / HOUR;
  const minutes = (rest % HOUR) / MINUTE;
  const seconds = decimal(rest % MINUTE, SECOND);
  if (hours > 0n) return `${sign}${hours.toString()}h${minutes.toString()}m${seconds}s`;
  return minutes > 0n ? `${sign}${minutes.toString()}m${seconds}s` : `${sign}${seconds}s`;
}

function decimal(value: bigint, unit: bigint): string {
  const width = unit.toString().length - 1;
  const fraction = (value % unit).toString().padStart(width, '0').replace(/0+$/, '');
  const whole = (value / unit).toString();
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** In milliseconds, with a fraction below one. */
export function durationMs(duration: Duration): number {
  return Number(duration) / 1e6;
}

/** From milliseconds; anything below a nanosecond is rounded. */
export function durationFromMs(ms: number): Duration {
  return BigInt(Math.round(ms * 1e6));
}

/** As Go's time package quotes: bytes outside printable ASCII as `\xNN`. */
function quote(text: string): string {
  let quoted = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const char = String.fromCharCode(byte);
    if (char === '"' || char === '\\') quoted += `\\${char}`;
    else if (byte < 0x20 || byte >= 0x80) quoted += `\\x${byte.toString(16).padStart(2, '0')}`;
    else quoted += char;
  }
  return `"${quoted}"`;
}
