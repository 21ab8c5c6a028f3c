import { z } from 'zod';
import { DurationError, parseDuration, type Duration } from './duration.js';

/**
 * The building blocks of the file's shape. Scalars arrive as they were written and are read by the type that
 * the key wants, as the reference's decoder does: `name: 1.0` is the text `1.0`.
 */

/**
 * A scalar of the file before anyone has said what it should be: its text behind one letter that says whether
 * it was plain (and may stand for a number or a boolean) or quoted. A primitive, so that nothing takes it for a
 * mapping.
 */
export function written(text: string, plain: boolean): string {
  return `${plain ? PLAIN : QUOTED}${text}`;
}

const PLAIN = 'p';
const QUOTED = 'q';

function textOf(input: unknown): unknown {
  return typeof input === 'string' ? input.slice(1) : input;
}

/** The text of a plain scalar. */
function plainText(input: unknown): string | undefined {
  return typeof input === 'string' && input.startsWith(PLAIN) ? input.slice(1) : undefined;
}

/** The reference's pattern for every duration in its CRD: no sign, no bare 0. */
export const DURATION_PATTERN = '^([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$';

interface Issue {
  readonly code?: string | undefined;
  readonly input?: unknown;
}

const expected =
  (what: string) =>
  ({ code, input }: Issue): string | undefined =>
    code === 'unrecognized_keys' ? undefined : `expected ${what}, got ${kindOf(input)}`;

/** For numbers and booleans, which are no secrets: says what was found. */
const expectedNot =
  (what: string) =>
  ({ input }: Issue): string =>
    `expected ${what}, got ${shown(input) ?? kindOf(input)}`;

function shown(input: unknown): string | undefined {
  if (typeof input === 'number') return String(input);
  if (typeof input !== 'string') return undefined;
  const quoted = JSON.stringify(input.slice(1, 41));
  return input.startsWith(QUOTED) ? `the quoted text ${quoted}` : quoted;
}

/** Says what was found without repeating it: it may be a secret in the wrong place. */
function kindOf(input: unknown): string {
  if (input === undefined) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  return typeof input === 'object' ? 'a mapping' : 'a single value';
}

/** What editors are told about a key; `default`, `enum` and the like are those of JSON Schema. */
export interface Meta {
  readonly default?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

/** Any scalar, as text. */
export function text(description: string, meta: Meta = {}) {
  return z.preprocess(textOf, z.string({ error: expected('text') })).meta({ description, ...meta });
}

/** A whole number that JavaScript holds exactly; not quoted. */
export function integer(description: string, meta: Meta = {}) {
  return z
    .preprocess(
      (input) => numberOf(plainText(input)) ?? input,
      z.int({ error: (issue) => (isWhole(plainText(issue.input)) ? tooLarge : notWhole)(issue) }),
    )
    .meta({ description, ...meta });
}

const notWhole = expectedNot('a whole number');
const tooLarge = expectedNot(`a whole number up to ${Number.MAX_SAFE_INTEGER}`);

function isWhole(text: string | undefined): text is string {
  return text !== undefined && /^[-+]?([0-9][0-9_]*|0x[0-9a-fA-F_]+|0o[0-7_]+)$/.test(text);
}

function numberOf(text: string | undefined): number | undefined {
  if (!isWhole(text)) return undefined;
  const digits = text.replaceAll('_', '');
  const number = digits.startsWith('-') ? -Number(digits.slice(1)) : Number(digits.replace(/^\+/, ''));
  // Left as it was written, so that the refusal shows that and not the nearest number that can be held.
  return Number.isSafeInteger(number) ? number : undefined;
}

/** A number, with or without a fraction; not quoted. */
export function number(description: string, meta: Meta = {}) {
  return z
    .preprocess(
      (input) => decimalOf(plainText(input)) ?? input,
      z.number({ error: expectedNot('a number such as 0.5') }),
    )
    .meta({ description, ...meta });
}

function decimalOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$/.test(text))
    return undefined;
  // Left as it was written where it is beyond what can be held: the refusal shows that.
  return Number.isFinite(Number(text)) ? Number(text) : undefined;
}

/** `true` or `false`; also YAML 1.1's `yes`, `no`, `on`, `off`, as the reference's decoder takes them. */
export function flag(description: string, meta: Meta = {}) {
  return z
    .preprocess(
      (input) => booleanOf(plainText(input)) ?? input,
      z.boolean({ error: expectedNot('true or false') }),
    )
    .meta({ description, ...meta });
}

function booleanOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (/^(true|True|TRUE|y|Y|yes|Yes|YES|on|On|ON)$/.test(text)) return true;
  if (/^(false|False|FALSE|n|N|no|No|NO|off|Off|OFF)$/.test(text)) return false;
  return undefined;
}

/** A length of time such as `1m30s`; read into nanoseconds. */
export function duration(description: string, meta: Meta = {}) {
  return z
    .preprocess(textOf, z.string({ error: expected('a duration such as 30s') }))
    .transform((value, context): Duration => {
      try {
        return parseDuration(value);
      } catch (error) {
        if (!(error instanceof DurationError)) throw error;
        context.addIssue({ code: 'custom', message: `invalid duration: ${error.message}` });
        return z.NEVER;
      }
    })
    .meta({ description, pattern: DURATION_PATTERN, ...meta });
}

/** Anything at all, for parts of the file that are none of our business. */
export function anything(description: string) {
  return z.preprocess(plainly, z.unknown()).meta({ description });
}

function plainly(input: unknown): unknown {
  if (typeof input === 'string') return textOf(input);
  if (Array.isArray(input)) return input.map(plainly);
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, plainly(value)]));
}

/** A mapping with these keys and no other. Every key may be missing: what is required is for the rules to say. */
export function section<Shape extends z.ZodRawShape>(
  description: string,
  shape: Shape,
  required: readonly (keyof Shape & string)[] = [],
) {
  const meta = required.length === 0 ? { description } : { description, required: [...required] };
  return z.strictObject(shape, { error: expected('a mapping') }).meta(meta);
}

export function list<Item extends z.ZodType>(description: string, item: Item) {
  return z.array(item, { error: expected('a list') }).meta({ description });
}

/** A mapping from names of the user's choice. */
export function mapOf<Item extends z.ZodType>(description: string, item: Item) {
  return z.record(z.string(), item, { error: expected('a mapping') }).meta({ description });
}
