import { isAbsolute } from 'node:path';
import { aggregationFault } from './aggregation-rules.js';
import { INCOMING_TYPES, STRATEGIES } from './auth-shape.js';
import { compositeToolsFault } from './composite-rules.js';
import { suggest, type Locate } from './decode.js';
import { failureHandlingFault, settle } from './failure-handling.js';
import type { Fault } from './fault.js';
import type { ConfigFile, StrategySection } from './file-shape.js';
import { OPERATIONAL_PATH } from './layers.js';
import type { Path } from './yaml-tree.js';

/**
 * The reference's rules: section by section in its order, at most one fault per section, in its words.
 *
 * Source: the reference's configuration validator (`toolhive-vmcp.md`, 1.1 to 1.4).
 */
export function referenceFaults(file: ConfigFile, locate: Locate): Fault[] {
  const faults = [
    basicFault(file),
    incomingAuthFault(file.incomingAuth),
    outgoingAuthFault(file.outgoingAuth),
    aggregationFault(file.aggregation),
    operationalFault(file.operational, locate),
    backendsFault(file.backends ?? []),
    compositeToolsFault(file.compositeTools ?? []),
    compositeToolRefsFault(file.compositeToolRefs ?? []),
    passthroughHeadersFault(file.passthroughHeaders ?? []),
  ];
  return faults.filter((fault) => fault !== undefined);
}

const isEmpty = (text: string | undefined): boolean => text === undefined || text === '';

function basicFault({ name, groupRef }: ConfigFile): Fault | undefined {
  if (isEmpty(name)) return { path: ['name'], message: 'name is required' };
  if (isEmpty(groupRef)) return { path: ['groupRef'], message: 'group reference is required' };
  return undefined;
}

function incomingAuthFault(auth: ConfigFile['incomingAuth']): Fault | undefined {
  const path: Path = ['incomingAuth'];
  if (auth === undefined) return { path, message: 'incomingAuth is required' };
  if (!(INCOMING_TYPES as readonly string[]).includes(auth.type ?? '')) {
    const message = `incomingAuth.type must be one of: ${INCOMING_TYPES.join(', ')}`;
    return { path: [...path, 'type'], message, ...suggest(auth.type, INCOMING_TYPES) };
  }
  if (auth.type === 'bearer' && isEmpty(auth.bearer?.tokenEnv)) {
    const at = auth.bearer === undefined ? ['bearer'] : ['bearer', 'tokenEnv'];
    const message = `incomingAuth.${at.join('.')} is required when type is 'bearer'`;
    return { path: [...path, ...at], message };
  }
  if (auth.type === 'oidc') {
    const { oidc } = auth;
    const at = [...path, 'oidc'];
    if (oidc === undefined) {
      return { path: at, message: "incomingAuth.oidc is required when type is 'oidc'" };
    }
    for (const key of ['issuer', 'audience'] as const) {
      if (isEmpty(oidc[key])) {
        return { path: [...at, key], message: `incomingAuth.oidc.${key} is required` };
      }
    }
    const fault = bundleFault(oidc.caBundlePath, [...at, 'caBundlePath'], 'incomingAuth.oidc.caBundlePath');
    if (fault) return fault;
  }
  return authzFault(auth.authz);
}

function authzFault(authz: NonNullable<ConfigFile['incomingAuth']>['authz']): Fault | undefined {
  if (authz === undefined) return undefined;
  const path: Path = ['incomingAuth', 'authz'];
  const prefix = 'incomingAuth.authz: ';
  if (authz.type !== 'cedar' && authz.type !== 'none') {
    return { path: [...path, 'type'], message: `${prefix}type must be one of: cedar, none` };
  }
  if (authz.type === 'cedar' && (authz.policies ?? []).length === 0) {
    const message = `${prefix}policies are required when type is 'cedar'`;
    return { path: [...path, 'policies'], message };
  }
  return undefined;
}

function outgoingAuthFault(auth: ConfigFile['outgoingAuth']): Fault | undefined {
  const path: Path = ['outgoingAuth'];
  if (auth === undefined) return { path, message: 'outgoingAuth is required' };
  if (auth.source !== 'inline' && auth.source !== 'discovered') {
    const message = 'outgoingAuth.source must be one of: inline, discovered';
    return { path: [...path, 'source'], message, ...suggest(auth.source, ['inline', 'discovered']) };
  }
  const fallback = auth.default && strategyFault(auth.default);
  if (fallback) {
    const message = `outgoingAuth.default: ${fallback.message}`;
    return { ...fallback, path: [...path, 'default', ...fallback.path], message };
  }
  for (const [name, strategy] of Object.entries(auth.backends ?? {})) {
    const nil: Fault = { path: [], message: 'strategy is nil' };
    const fault = strategy ? strategyFault(strategy) : nil;
    if (fault) {
      const message = `outgoingAuth.backends.${name}: ${fault.message}`;
      return { ...fault, path: [...path, 'backends', name, ...fault.path], message };
    }
  }
  return undefined;
}

/** Per strategy: its section, what the reference calls it, and the fields it requires. */
const REQUIRED: Readonly<
  Record<string, readonly [keyof StrategySection, string, string, readonly string[]]>
> = {
  token_exchange: ['tokenExchange', 'tokenExchange', 'TokenExchange', ['tokenUrl']],
  upstream_inject: ['upstreamInject', 'upstream_inject', 'UpstreamInject', []],
  aws_sts: ['awsSts', 'aws_sts', 'AwsSts', ['region']],
  obo: ['obo', 'obo', 'OBO', ['tokenUrl']],
  xaa: ['xaa', 'xaa', 'XAA', ['idpTokenUrl', 'targetTokenUrl', 'targetAudience']],
};
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';

function strategyFault(strategy: StrategySection): Fault | undefined {
  const { type = '', obo, xaa } = strategy;
  if (!(STRATEGIES as readonly string[]).includes(type)) {
    const message = `type must be one of: ${STRATEGIES.join(', ')}`;
    return { path: ['type'], message, ...suggest(type, STRATEGIES) };
  }
  if (type === 'header_injection') return injectedHeaderFault(strategy.headerInjection?.headerName ?? '');
  const [section, called, title, fields] = REQUIRED[type] ?? [undefined, '', '', []];
  if (section === undefined) return undefined;
  const settings = strategy[section];
  if (settings === undefined) {
    return { path: [section], message: `${called} requires ${title} configuration` };
  }
  const values: Readonly<Record<string, unknown>> = Object(settings) as Record<string, unknown>;
  for (const field of fields) {
    const value = values[field];
    if (value === undefined || value === '') {
      return { path: [section, field], message: `${called} requires ${field} field` };
    }
  }
  if (type === 'obo' && !isEmpty(obo?.clientSecret) && !isEmpty(obo?.clientSecretEnv)) {
    return { path: ['obo'], message: 'obo: clientSecret and clientSecretEnv are mutually exclusive' };
  }
  const token = type === 'xaa' ? (xaa?.subjectTokenType ?? '') : '';
  if (token !== '' && token !== ID_TOKEN) {
    const message = `xaa: unsupported subjectTokenType "${token}"; only "${ID_TOKEN}" is accepted`;
    return { path: ['xaa', 'subjectTokenType'], message };
  }
  return undefined;
}

/** Either breaks the request or is replaced by our own value: the credentials would never be sent. */
const NOT_INJECTED: ReadonlySet<string> = new Set([
  ...['Host', 'Connection', 'Keep-Alive', 'Te', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Expect'],
  ...['Proxy-Connection', 'Content-Length', 'Content-Type', 'Accept', 'Accept-Encoding'],
  ...['Mcp-Session-Id', 'Mcp-Protocol-Version', 'Last-Event-Id'],
]);

function injectedHeaderFault(name: string): Fault | undefined {
  const path: Path = ['headerInjection', 'headerName'];
  if (name === '') return { path, message: 'headerInjection requires headerName field' };
  const canonical = canonicalName(name);
  if (!NOT_INJECTED.has(canonical)) return undefined;
  return { path, message: `"${canonical}" belongs to the connection or the protocol and cannot be injected` };
}

/** `x-real-ip` as `X-Real-Ip`. */
function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll(/(^|-)[a-z]/g, (letters) => letters.toUpperCase());
}

function operationalFault(operational: ConfigFile['operational'], locate: Locate): Fault | undefined {
  const { timeouts, failureHandling: section } = operational ?? {};
  const path: Path = ['operational', 'timeouts'];
  // A zero default is replaced by the merge before the rules see it; one for a workload is not.
  if ((timeouts?.default ?? 0n) < 0n) {
    return { path: [...path, 'default'], message: 'operational.timeouts.default must be positive' };
  }
  for (const [name, timeout = 0n] of Object.entries(timeouts?.perWorkload ?? {})) {
    if (timeout <= 0n) {
      const message = `operational.timeouts.perWorkload.${name} must be positive`;
      return { path: [...path, 'perWorkload', name], message };
    }
  }
  const settings = settle([{ origin: 'operational', path: OPERATIONAL_PATH, section }], locate);
  return failureHandlingFault(settings, OPERATIONAL_PATH, section?.partialFailureMode);
}

function backendsFault(backends: NonNullable<ConfigFile['backends']>): Fault | undefined {
  for (const [index, { type = '', caBundlePath }] of backends.entries()) {
    const path: Path = ['backends', index];
    const key = `backends[${index}]`;
    if (type !== '' && type !== 'entry') {
      const message = `${key}.type must be empty or "entry", got ${JSON.stringify(type)}`;
      return { path: [...path, 'type'], message };
    }
    if (!isEmpty(caBundlePath) && type !== 'entry') {
      const message = `${key}.caBundlePath is only valid when type is "entry"`;
      return { path: [...path, 'caBundlePath'], message };
    }
    const fault = bundleFault(caBundlePath, [...path, 'caBundlePath'], `${key}.caBundlePath`);
    if (fault) return fault;
  }
  return undefined;
}

function bundleFault(bundle: string | undefined, path: Path, key: string): Fault | undefined {
  if (bundle === undefined || bundle === '') return undefined;
  if (bundle.includes('\0') || bundle.includes('..')) {
    return { path, message: `${key} contains invalid path characters` };
  }
  return isAbsolute(bundle) ? undefined : { path, message: `${key} must be an absolute path` };
}

function compositeToolRefsFault(references: NonNullable<ConfigFile['compositeToolRefs']>): Fault | undefined {
  const seen = new Set<string>();
  for (const [index, { name = '' }] of references.entries()) {
    const path: Path = ['compositeToolRefs', index, 'name'];
    if (name === '') return { path, message: `compositeToolRefs[${index}].name is required` };
    if (seen.has(name)) return { path, message: `duplicate composite tool reference: ${name}` };
    seen.add(name);
  }
  return undefined;
}

const RESTRICTED: ReadonlySet<string> = new Set([
  ...['Authorization', 'Cookie', 'Host', 'Connection', 'Keep-Alive', 'Te', 'Trailer', 'Transfer-Encoding'],
  ...['Upgrade', 'Proxy-Authorization', 'Proxy-Authenticate', 'Proxy-Connection', 'Content-Length'],
  ...['Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Real-Ip'],
]);

function passthroughHeadersFault(headers: readonly string[]): Fault | undefined {
  for (const [index, name] of headers.entries()) {
    const path: Path = ['passthroughHeaders', index];
    const key = `passthroughHeaders[${index}]`;
    if (name === '') return { path, message: `${key}: header name must not be empty` };
    const canonical = canonicalName(name);
    if (RESTRICTED.has(canonical) || canonical.startsWith('X-Forwarded-')) {
      return { path, message: `${key}: "${canonical}" is a restricted header and cannot be forwarded` };
    }
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      return { path, message: `${key}: invalid header name ${JSON.stringify(name)}` };
    }
  }
  return undefined;
}
