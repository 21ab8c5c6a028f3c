/** One thing that is wrong in a configuration file, and where. */
export interface Problem {
  /** Path of the key in the file, e.g. `operational.failureHandling.healthCheckTimeout`; empty for the file. */
  readonly key: string;
  /** From 1; absent where the file has no such place (it could not be read). */
  readonly line?: number;
  readonly column?: number;
  /** What is wrong or what would be right; for the reference's rules, the reference's text. No secret. */
  readonly message: string;
  /** The nearest known key, where a key is unknown. */
  readonly suggestion?: string;
}

/**
 * `warning`: works, but probably not as its author thinks. `ignored`: understood, not supported, left out.
 * `refuses`: not supported, and to leave it out would let someone in: a server must not start.
 */
export type Severity = 'warning' | 'ignored' | 'refuses';

/** Something about a valid configuration that its author should know. */
export interface Notice {
  readonly severity: Severity;
  readonly key: string;
  readonly line?: number;
  readonly message: string;
}

/** Which step refused the file: reading it, parsing it, resolving its environment, or its rules. */
export type ConfigErrorCode = 'CONFIG_READ' | 'CONFIG_PARSE' | 'CONFIG_PROCESS' | 'CONFIG_INVALID';

const PREFIX: Readonly<Record<ConfigErrorCode, string>> = {
  CONFIG_READ: 'failed to read config file',
  CONFIG_PARSE: 'failed to parse YAML',
  CONFIG_PROCESS: 'failed to process config',
  CONFIG_INVALID: 'invalid configuration',
};

/**
 * A refused configuration, with everything that is wrong with it. The message is the reference's: one line for
 * a single fault of the loader, and a list under `invalid configuration:` for its rules.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    readonly code: ConfigErrorCode,
    readonly file: string,
    readonly problems: readonly Problem[],
  ) {
    const texts = problems.map(({ message }) => message);
    const title = code === 'CONFIG_READ' ? `${PREFIX[code]}: ${file}` : PREFIX[code];
    const inline = code !== 'CONFIG_INVALID' && texts.length === 1;
    super(inline ? `${title}: ${texts.join('')}` : `${title}:\n  - ${texts.join('\n  - ')}`);
  }

  /** The problems, one line each: `file:line: key: message (did you mean "x"?)`. */
  lines(): string[] {
    return this.problems.map((problem) => formatProblem(this.file, problem));
  }
}

/** One line: `file:line: key: message (did you mean "x"?)`; parts that are not known are left out. */
export function formatProblem(file: string, { key, line, message, suggestion }: Problem): string {
  const hint = suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`;
  return `${placed(file, line)}: ${keyed(key, message)}${hint}`;
}

/** One line: `file:line: severity: key: message`. */
export function formatNotice(file: string, { severity, key, line, message }: Notice): string {
  return `${placed(file, line)}: ${severity}: ${keyed(key, message)}`;
}

function placed(file: string, line: number | undefined): string {
  return line === undefined ? file : `${file}:${line}`;
}

/** The reference starts some messages with the section they are in; the key has said that already. */
function keyed(key: string, message: string): string {
  if (key === '') return message;
  const [section = '', ...rest] = message.split(': ');
  const repeats = rest.length > 0 && `.${key}.`.includes(`.${section}.`);
  return `${key}: ${repeats ? rest.join(': ') : message}`;
}
