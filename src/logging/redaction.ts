/** What stands in a log line instead of a secret. */
const REDACTED = '[redacted]';

/** Bounds of one log line, so that nothing a backend sends can make it long or slow. */
const MAX_DEPTH = 6;
const MAX_NODES = 300;
const MAX_TEXT = 8192;
/** Of all texts of a line together; an error has two long ones, its message and its stack. */
const MAX_LINE = 4 * MAX_TEXT;
/** Shorter values would be found everywhere, and are no secrets. */
const MIN_SECRET = 6;

const SECRET_KEY = /authorization|cookie|token|secret|passw|api[-_]?key|credential|private[-_]?key/i;
/** The scheme is bounded: a search for one starts anew at every letter, and must not run to the end each time. */
const URL_PARTS =
  /([a-z][a-z0-9+.-]{0,30}:\/\/)(?:[^\s/?#]*@)?([^\s?#"'<>]*)(\?[^\s#"'<>]*)?(#[^\s"'<>]*)?/gi;

/**
 * Makes log fields safe to write: values of keys that sound secret are replaced at any depth, the given
 * secrets wherever they occur in any text, and user, password, query and fragment are taken out of every URL.
 * Errors become plain objects with their cause. What is deeper, longer or more than the bounds is cut.
 *
 * @param secrets values known to be secret; those under six characters are not looked for.
 */
export function createRedaction(secrets: readonly string[] = []): {
  text: (text: string) => string;
  fields: (fields: object) => Record<string, unknown>;
} {
  const known = formsOf(secrets.filter(({ length }) => length >= MIN_SECRET));
  const text = (value: string): string => {
    let safe = value;
    for (const secret of known) safe = safe.replaceAll(secret, REDACTED);
    safe = safe.replace(
      URL_PARTS,
      (_, scheme: string, rest: string, query?: string, fragment?: string) =>
        `${scheme}${rest}${query === undefined ? '' : `?${REDACTED}`}${fragment === undefined ? '' : `#${REDACTED}`}`,
    );
    // Cut only now: half a secret, or half of what stands before an @, would not be recognised.
    return shortened(safe, MAX_TEXT);
  };
  return { text, fields: (fields) => safeFields(fields, text) };
}

/**
 * Secrets as they are, as they stand inside JSON, and as they stand in a URL. Longest first: a secret that
 * contains another must go as a whole.
 */
function formsOf(secrets: readonly string[]): readonly string[] {
  const forms = secrets.flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    // Through bytes: a lone surrogate cannot be encoded.
    encodeURIComponent(Buffer.from(secret).toString()),
  ]);
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

function shortened(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return `${text.slice(0, maxLength)}… (${text.length - maxLength} more)`;
}

function safeFields(fields: object, text: (text: string) => string): Record<string, unknown> {
  let nodes = 0;
  let left = MAX_LINE;
  const bounded = (value: string): string => {
    const safe = shortened(text(value), left);
    left = Math.max(0, left - safe.length);
    return safe;
  };
  const entries = (value: object, depth: number): Record<string, unknown> => {
    const all = Object.entries(value);
    const safe = all
      .slice(0, MAX_NODES)
      .map(([key, item]) => [bounded(key), SECRET_KEY.test(key) ? REDACTED : visit(item, depth)] as const);
    if (all.length > MAX_NODES) safe.push(['…', `${all.length - MAX_NODES} more`]);
    return Object.fromEntries(safe);
  };
  const visit = (value: unknown, depth: number): unknown => {
    nodes += 1;
    if (nodes > MAX_NODES) return '[cut]';
    if (typeof value === 'string') return bounded(value);
    if (typeof value === 'bigint') return value.toString();
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= MAX_DEPTH) return '[cut]';
    if (value instanceof Error) return visit(plainError(value), depth);
    if (value instanceof Date) return value;
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value)) return value.slice(0, MAX_NODES).map((item) => visit(item, depth + 1));
    return entries(value, depth + 1);
  };
  return entries(fields, 0);
}

function plainError(error: Error): object {
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return {
    type: name,
    message,
    ...(code !== undefined && { code }),
    ...(stack !== undefined && { stack }),
    ...(cause !== undefined && { cause }),
  };
}
