import { parseConfig, type LoadOptions } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/problems.js';
import type { VmcpConfig } from '../../src/config/config.js';

/** The smallest valid file, and parts of it to be replaced; each part is the text of one top-level block. */
const PARTS = {
  name: 'name: test-vmcp',
  groupRef: 'groupRef: test-group',
  incomingAuth: 'incomingAuth: {type: anonymous}',
  outgoingAuth: 'outgoingAuth: {source: inline, default: {type: unauthenticated}}',
  aggregation:
    'aggregation: {conflictResolution: prefix, conflictResolutionConfig: {prefixFormat: "{workload}_"}}',
  backends: 'backends: [{name: one, url: "http://127.0.0.1:1/mcp", transport: streamable-http}]',
};

/** A file made of the smallest valid one, with some blocks replaced (or left out, by '') and others added. */
export function sample(changes: Readonly<Record<string, string>> = {}): string {
  return Object.values({ ...PARTS, ...changes })
    .filter((part) => part !== '')
    .join('\n');
}

export function load(text: string, options: Partial<LoadOptions> = {}): VmcpConfig {
  return parseConfig(text, '/srv/vmcp.yaml', { env: {}, ...options });
}

/** What a text is refused with. */
export function refusal(text: string, options: Partial<LoadOptions> = {}): ConfigError {
  try {
    load(text, options);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

/** The one problem a text is refused with. */
export function problem(text: string, options: Partial<LoadOptions> = {}) {
  const { problems } = refusal(text, options);
  const [first] = problems;
  if (first === undefined || problems.length > 1) throw new Error(`problems: ${JSON.stringify(problems)}`);
  return first;
}

/** A file whose failure handling holds these lines of YAML. */
export function failureHandling(...lines: readonly string[]): string {
  const block = lines.map((line) => `    ${line}`).join('\n');
  return sample({ operational: `operational:\n  failureHandling:\n${block}` });
}

/** Messages of the notices about a key. */
export function noticesOf(config: VmcpConfig, key: string): string[] {
  return config.notices.filter((notice) => notice.key === key).map(({ message }) => message);
}

/** What a rate of failures, or of slow calls, says at the least. */
export const RATE = 'of: failures, threshold: 0.5, window: {calls: 100}';
export const SLOW = 'of: slowCalls, threshold: 0.8, window: {time: 60s}';

/** A file with a circuit breaker in line 10, or later by the lines before it, that has nothing else to be warned of. */
export function breaker(text: string, ...lines: readonly string[]): string {
  return failureHandling('partialFailureMode: fail', ...lines, `circuitBreaker: {enabled: true, ${text}}`);
}

/** Failure handling of the file, in line 9, and of the backend `own`, in line 7; the backend `other` says nothing. */
export function layered(operational: string, own: string): string {
  return sample({
    operational: `operational: {failureHandling: {partialFailureMode: fail, ${operational}}}`,
    backends: [
      'backends:',
      `  - {name: own, url: "http://x/", transport: sse, failureHandling: {${own}}}`,
      '  - {name: other, url: "http://x/", transport: sse}',
    ].join('\n'),
  });
}
