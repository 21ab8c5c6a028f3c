import type { Fault } from './fault.js';
import type { ConfigFile, StrategySection } from './file-shape.js';
import type { Path } from './yaml-tree.js';

/** The environment that secrets are taken from. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a backend is sent to prove who we are. */
export interface Credentials {
  /** Strategy of the file, e.g. `header_injection`. */
  readonly type: string;
  /** Values are secrets. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Credentials by name of the backend, and those for all others. */
export interface ResolvedCredentials {
  readonly fallback: Credentials | undefined;
  readonly byBackend: ReadonlyMap<string, Credentials>;
}

const NONE: Credentials = { type: 'unauthenticated', headers: {} };

/** The credentials of one backend: its own, else the default ones, else none. */
export function credentialsOf({ fallback, byBackend }: ResolvedCredentials, backend: string): Credentials {
  return byBackend.get(backend) ?? fallback ?? NONE;
}

/**
 * Resolves outgoing credentials from the environment, as the reference's loader does before any rule is
 * checked. Faults name the variable, never its value.
 */
export function resolveCredentials(
  file: ConfigFile,
  environment: Environment,
): { credentials: ResolvedCredentials; faults: Fault[] } {
  const faults: Fault[] = [];
  const resolve = (name: string, strategy: StrategySection, path: Path): Credentials => {
    const found = resolveStrategy(strategy, environment);
    if ('headers' in found) return found;
    faults.push({ path: [...path, ...found.path], message: `backend ${name}: ${found.message}` });
    return NONE;
  };
  const { default: fallback, backends = {} } = file.outgoingAuth ?? {};
  const path: Path = ['outgoingAuth'];
  const byBackend = new Map<string, Credentials>();
  const resolved = fallback && resolve('default', fallback, [...path, 'default']);
  for (const [name, strategy] of Object.entries(backends)) {
    if (strategy) byBackend.set(name, resolve(name, strategy, [...path, 'backends', name]));
  }
  return { credentials: { fallback: resolved, byBackend }, faults };
}

function resolveStrategy(strategy: StrategySection, environment: Environment): Credentials | Fault {
  const type = strategy.type ?? '';
  if (type === 'header_injection') return resolveHeader(strategy, environment);
  if (type === 'token_exchange') {
    if (strategy.tokenExchange === undefined) {
      return { path: [], message: 'tokenExchange configuration is required' };
    }
    const variable = strategy.tokenExchange.clientSecretEnv;
    if (variable !== undefined && variable !== '' && (valueOf(environment, variable) ?? '') === '') {
      const message = `environment variable ${variable} not set`;
      return { path: ['tokenExchange', 'clientSecretEnv'], message };
    }
  }
  return { type, headers: {} };
}

function resolveHeader({ headerInjection }: StrategySection, environment: Environment): Credentials | Fault {
  if (headerInjection === undefined) {
    return { path: [], message: 'headerInjection configuration is required' };
  }
  const { headerName: name = '', headerValue = '', headerValueEnv = '' } = headerInjection;
  const at = (key: string): Path => ['headerInjection', key];
  if (headerValue !== '' && headerValueEnv !== '') {
    const message = 'only one of headerValue or headerValueEnv must be set';
    return { path: at('headerValueEnv'), message };
  }
  if (headerValue === '' && headerValueEnv === '') {
    return { path: at('headerValueEnv'), message: 'either headerValue or headerValueEnv must be set' };
  }
  const inline = headerValueEnv === '';
  const value = inline ? headerValue : (valueOf(environment, headerValueEnv) ?? '');
  if (value === '') {
    const message = `environment variable ${headerValueEnv} not set or empty`;
    return { path: at('headerValueEnv'), message };
  }
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    const what = inline ? 'headerValue' : `environment variable ${headerValueEnv}`;
    const message = `${what} holds characters that a header cannot carry`;
    return { path: at(inline ? 'headerValue' : 'headerValueEnv'), message };
  }
  // A missing name is for the rules to say.
  if (name !== '' && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    return { path: at('headerName'), message: 'headerName is not the name of a header' };
  }
  return { type: 'header_injection', headers: { [name]: value } };
}

/**
 * Puts variables of the environment in place of `${VAR}`; `$${VAR}` stands for `${VAR}` itself. A variable that
 * is set but empty is empty; one that is not set is a fault.
 */
export function expand(
  text: string,
  environment: Environment,
): {
  readonly value: string;
  /** Names that the environment does not have. */
  readonly missing: readonly string[];
  /** Values that were put in. */
  readonly taken: readonly string[];
} {
  const missing: string[] = [];
  const taken: string[] = [];
  const value = text.replaceAll(/\$?\$\{([^}]*)\}/g, (match, name: string) => {
    if (match.startsWith('$$')) return match.slice(1);
    const found = valueOf(environment, name);
    if (found === undefined) missing.push(name);
    else taken.push(found);
    return found ?? '';
  });
  return { value, missing, taken };
}

/** Whether what goes by this name, of a header or a variable, is probably a secret. */
export function soundsSecret(name: string): boolean {
  return /authorization|api[-_]?key|token|secret|cookie|passw/i.test(name);
}

/** A variable, and nothing that an object has by itself. */
export function valueOf(environment: Environment, name: string): string | undefined {
  return Object.hasOwn(environment, name) ? environment[name] : undefined;
}
