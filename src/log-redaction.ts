/** What stands in a log line instead of a secret. */
const REDACTED = '[redacted]';

/** Bounds of one log line, so that nothing a backend sends can make it long or slow. */
const MAX_DEPTH = 6;
const MAX_NODES = 300;
const MAX_TEXT = 8192;
/** Shorter values would be found everywhere, and are no secrets. */
const MIN_SECRET = 6;

const SECRET_KEY = /authorization|cookie|token|secret|passw|api[-_]?key|credential|private[-_]?key/i;
const URL_PARTS = /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#@]*@)?([^\s?#"'<>]*)(\?[^\s#"'<>]*)?/gi;

/**
 * Makes log fields safe to write: values of keys that sound secret are replaced at any depth, the given
 * secrets wherever they occur in any text, and user, password and query are taken out of every URL. Errors
 * become plain objects with their cause. What is deeper, longer or more than the bounds is cut.
 *
 * @param secrets values known to be secret; those under six characters are not looked for.
 */
export function createRedaction(secrets: readonly string[] = []): {
  text: (text: string) => string;
  fields: (fields: object) => Record<string, unknown>;
} {
  // Longest first: a secret that contains another must go as a whole.
  const known = secrets.filter(({ length }) => length >= MIN_SECRET).sort((a, b) => b.length - a.length);
  const text = (value: string): string => {
    let safe = value;
    for (const secret of known) safe = safe.replaceAll(secret, REDACTED);
    // Cut only now: half a secret would not be recognised.
    if (safe.length > MAX_TEXT) safe = `${safe.slice(0, MAX_TEXT)}… (${safe.length - MAX_TEXT} more)`;
    return safe.replace(URL_PARTS, (_, scheme: string, rest: string, query?: string) =>
      query === undefined ? scheme + rest : `${scheme}${rest}?${REDACTED}`,
    );
  };
  return { text, fields: (fields) => safeFields(fields, text) };
}

function safeFields(fields: object, text: (text: string) => string): Record<string, unknown> {
  let nodes = 0;
  const entries = (value: object, depth: number): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        text(key),
        SECRET_KEY.test(key) ? REDACTED : visit(item, depth),
      ]),
    );
  const visit = (value: unknown, depth: number): unknown => {
    nodes += 1;
    if (typeof value === 'string') return text(value);
    if (typeof value === 'bigint') return value.toString();
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= MAX_DEPTH || nodes > MAX_NODES) return '[cut]';
    if (value instanceof Error) return visit(plainError(value), depth);
    if (value instanceof Date) return value;
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
