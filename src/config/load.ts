import { dirname, resolve } from 'node:path';
import { backendEntries } from './backend-entry.js';
import type { VmcpConfig } from './config.js';
import { resolveCredentials, type Environment } from './credentials.js';
import { decode, located, locator } from './decode.js';
import { incomingAuthOf, tokenFaults } from './incoming-auth.js';
import { incomingNotices } from './incoming-notices.js';
import { environmentFaults, extensionFaults } from './extension-rules.js';
import { effectiveLimits, limitsOf } from './limits.js';
import { isManifest, rearrange, selectManifest } from './manifest.js';
import { ConfigError, type Notice, type Problem } from './problems.js';
import { referenceFaults } from './rules.js';
import { settled, timeoutsOf } from './settled.js';
import { readSource } from './source.js';
import { unsupportedNotices } from './unsupported.js';
import { warnings } from './warnings.js';
import type { YamlMapping, YamlNode } from './yaml-tree.js';
import { parseYaml } from './yaml.js';

export interface LoadOptions {
  /** Where secrets come from; values are never repeated in a message. */
  readonly env: Environment;
  /** Which `VirtualMCPServer`, by `metadata.name`, where a file holds several. */
  readonly server?: string;
}

/**
 * Reads a configuration file: the reference's YAML, or its `VirtualMCPServer` manifest.
 *
 * @throws ConfigError with every problem of the first step that found any: reading, parsing, resolving the
 * environment, rules.
 */
export function loadConfig(file: string, options: LoadOptions): VmcpConfig {
  return parseConfig(readSource(file), file, options);
}

/**
 * The same for text that has been read. `file` is the name for messages; relative paths in the text are
 * relative to its folder.
 *
 * @throws ConfigError as `loadConfig`, but not `CONFIG_READ`.
 */
export function parseConfig(text: string, file: string, { env, server }: LoadOptions): VmcpConfig {
  const refuse = refuser(file);
  const { documents, problems } = parseYaml(text);
  refuse('CONFIG_PARSE', problems);
  const chosen = chooseRoot(documents, server);
  refuse('CONFIG_PARSE', chosen.problems);
  const decoded = decode(chosen.root);
  if ('problems' in decoded) throw new ConfigError('CONFIG_PARSE', file, decoded.problems);
  const shape = decoded.file;
  const locate = locator(chosen.root);
  const { credentials, faults } = resolveCredentials(shape, env);
  refuse(
    'CONFIG_PROCESS',
    located([...tokenFaults(shape, env), ...faults, ...environmentFaults(shape, env)], locate),
  );
  const broken = [...referenceFaults(shape, locate), ...extensionFaults(shape, locate, chosen.format)];
  refuse('CONFIG_INVALID', distinct(located(broken, locate)));

  const timeouts = timeoutsOf(shape);
  const folder = dirname(resolve(file));
  const { backends, effective, notices } = backendEntries({
    file: shape,
    locate,
    credentials,
    environment: env,
    folder,
    timeouts,
  });
  const told = [
    ...chosen.notices,
    ...unsupportedNotices(shape, locate),
    ...incomingNotices(shape, locate, chosen.format),
    ...warnings(shape, locate),
    ...notices,
  ];
  const byLine = told.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const { format } = chosen;
  const incomingAuth = incomingAuthOf(shape, env);
  const written = shape.server?.limits;
  const limits = limitsOf(written);
  const shownLimits = effectiveLimits(written, locate);
  const whole = {
    ...settled(shape),
    ...{ file, format, timeouts, backends, incomingAuth, effective, limits, effectiveLimits: shownLimits },
  };
  return deepFreeze({ ...whole, notices: byLine });
}

interface Chosen {
  readonly root: YamlNode;
  readonly format: 'vmcp' | 'manifest';
  readonly notices: readonly Notice[];
  readonly problems: readonly Problem[];
}

const NOTHING: YamlMapping = {
  kind: 'mapping',
  entries: new Map(),
  place: { line: 1, column: 1 },
  parent: undefined,
  size: 1,
  height: 0,
};

function chooseRoot(documents: readonly YamlNode[], server: string | undefined): Chosen {
  const failed = (problem: Problem): Chosen => ({
    root: NOTHING,
    format: 'vmcp',
    notices: [],
    problems: [problem],
  });
  const [root, second] = documents;
  if (root === undefined) return failed({ key: '', message: 'the file is empty' });
  if (documents.some(isManifest)) {
    const selected = selectManifest(documents, server);
    if ('problem' in selected) return failed(selected.problem);
    const { root: rearranged, notices, problems } = rearrange(selected.manifest);
    return { root: rearranged, format: 'manifest', notices: [...selected.notices, ...notices], problems };
  }
  if (second !== undefined) {
    const message = 'more than one document: a configuration file is one document';
    return failed({ key: '', ...second.place, message });
  }
  return { root, format: 'vmcp', notices: [], problems: [] };
}

function refuser(file: string) {
  return (code: ConfigError['code'], problems: readonly Problem[]): void => {
    if (problems.length > 0) throw new ConfigError(code, file, problems);
  };
}

/** A rule of the reference and one of ours may find the same. */
function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [problem.key + problem.message, problem])).values()];
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part as unknown);
  return Object.freeze(value);
}
