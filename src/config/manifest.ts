import { suggest, unknownKey } from './decode.js';
import type { Notice, Problem } from './problems.js';
import {
  child,
  formatPath,
  pathOf,
  textOf,
  type Place,
  type YamlMapping,
  type YamlNode,
} from './yaml-tree.js';

/**
 * The `VirtualMCPServer` manifest of the reference's operator: the same configuration under `spec.config`, with
 * name, group and authentication outside of it. It is rearranged into the shape of a configuration file; every
 * part keeps its place in the file.
 */

export interface Rearranged {
  readonly root: YamlMapping;
  readonly notices: readonly Notice[];
  readonly problems: readonly Problem[];
}

const KIND = 'VirtualMCPServer';
const VERSIONS: readonly string[] = ['toolhive.stacklok.dev/v1beta1', 'toolhive.stacklok.dev/v1alpha1'];

/** Parts of `spec` that say how and where to run it, or that we have no counterpart for. */
const NOTED = [
  'embeddingServerRef',
  'imagePullSecrets',
  'podTemplateSpec',
  'replicas',
  'serviceAccount',
  'serviceType',
  'sessionAffinity',
  'telemetryConfigRef',
];
const MOVED = ['config', 'groupRef', 'incomingAuth', 'outgoingAuth', 'passthroughHeaders', 'sessionStorage'];
const KNOWN = [...MOVED, 'authServerConfig', ...NOTED];

/** Whether a document is a Kubernetes manifest of any kind. */
export function isManifest(document: YamlNode): boolean {
  return child(document, 'apiVersion') !== undefined && child(document, 'kind') !== undefined;
}

/**
 * The one `VirtualMCPServer` among the documents of a file, or the one called `server` where there are several.
 * Other documents are left alone, with a notice.
 */
export function selectManifest(
  documents: readonly YamlNode[],
  server: string | undefined,
): { manifest: YamlMapping; notices: Notice[] } | { problem: Problem } {
  const nameOf = (document: YamlNode) => textOf(child(child(document, 'metadata'), 'name')) ?? '';
  const servers = documents.filter((document) => textOf(child(document, 'kind')) === KIND);
  const chosen = server === undefined ? servers : servers.filter((document) => nameOf(document) === server);
  const [manifest, ...more] = chosen;
  if (manifest?.kind !== 'mapping') {
    return { problem: { key: 'kind', ...notThere(documents, servers.map(nameOf), server) } };
  }
  if (more.length > 0) {
    const names = servers.map(nameOf).join(', ');
    const message = `the file holds ${servers.length} ${KIND} manifests (${names}): choose one with --server`;
    return { problem: { key: 'kind', ...(more[0]?.place ?? manifest.place), message } };
  }
  const version = textOf(child(manifest, 'apiVersion')) ?? '';
  if (!VERSIONS.includes(version)) {
    const place = child(manifest, 'apiVersion')?.place ?? manifest.place;
    return { problem: { key: 'apiVersion', ...place, message: `must be one of: ${VERSIONS.join(', ')}` } };
  }
  const others = documents.filter((document) => document !== manifest);
  const notices = others.map((document): Notice => {
    const kind = textOf(child(document, 'kind')) ?? 'document';
    const message = `${kind} ${nameOf(document)} is not read: only ${KIND} is`;
    return { severity: 'ignored', key: '', line: document.place.line, message };
  });
  return { manifest, notices };
}

function notThere(
  documents: readonly YamlNode[],
  names: readonly string[],
  server: string | undefined,
): Pick<Problem, 'message' | 'suggestion'> {
  if (server === undefined || names.length === 0) {
    const kinds = new Set(documents.map((document) => textOf(child(document, 'kind')) ?? 'something else'));
    return { message: `the file holds no ${KIND}, only ${[...kinds].join(', ')}` };
  }
  const message = `the file holds no ${KIND} named "${server}", only ${names.join(', ')}`;
  return { message, ...suggest(server, names) };
}

/** Rearranges a manifest into a configuration file. */
export function rearrange(manifest: YamlMapping): Rearranged {
  const spec = child(manifest, 'spec');
  if (spec?.kind !== 'mapping') {
    const problem = { key: 'spec', ...manifest.place, message: 'spec is required' };
    return { root: manifest, notices: [], problems: [problem] };
  }
  const config = child(spec, 'config') ?? madeMapping({}, spec, 'config');
  if (config.kind !== 'mapping') {
    const problem = { key: 'spec.config', ...config.place, message: 'expected a mapping' };
    return { root: manifest, notices: [], problems: [problem] };
  }
  const problems = [
    ...strict(spec, KNOWN),
    ...strict(child(spec, 'groupRef'), ['name']),
    ...strict(child(spec, 'incomingAuth'), ['type', 'oidcConfigRef', 'authzConfig', 'authzConfigRef']),
    ...strict(child(spec, 'outgoingAuth'), ['source', 'default', 'backends']),
    ...oidcWithoutReference(spec),
  ];
  const root = { ...config, entries: new Map(config.entries) };
  const notices: Notice[] = [...notesOn(spec, config)];
  const set = (key: string, value: YamlNode | undefined) => {
    if (value === undefined) root.entries.delete(key);
    else root.entries.set(key, { place: value.place, value });
  };
  set('name', child(child(manifest, 'metadata'), 'name'));
  set('groupRef', child(child(spec, 'groupRef'), 'name'));
  set('incomingAuth', incomingAuth(child(spec, 'incomingAuth')));
  set('outgoingAuth', outgoingAuth(spec));
  for (const key of ['passthroughHeaders', 'sessionStorage']) {
    const value = child(spec, key);
    if (value !== undefined) set(key, withoutSecrets(value));
  }
  set('aggregation', aggregation(child(config, 'aggregation'), config));
  return { root, notices, problems };
}

function strict(node: YamlNode | undefined, known: readonly string[]): Problem[] {
  if (node?.kind !== 'mapping') return [];
  return [...node.entries]
    .filter(([key]) => !known.includes(key))
    .map(([key, { place }]) => {
      const path = formatPath([...pathOf(node), key]);
      const stale = path === 'spec.operational' || path === 'spec.aggregation';
      const message = `unknown key "${key}": it belongs to spec.config`;
      return { key: path, ...place, ...(stale ? { message } : unknownKey(key, known)) };
    });
}

/** A rule of the CRD. */
function oidcWithoutReference(spec: YamlNode): Problem[] {
  const auth = child(spec, 'incomingAuth');
  if (textOf(child(auth, 'type')) !== 'oidc' || child(auth, 'oidcConfigRef') !== undefined) return [];
  const place = auth?.place ?? spec.place;
  const message = 'spec.incomingAuth.oidcConfigRef is required when type is oidc';
  return [{ key: 'spec.incomingAuth', ...place, message }];
}

function notesOn(spec: YamlMapping, config: YamlMapping): Notice[] {
  const notices: Notice[] = [];
  const note = (severity: Notice['severity'], path: string, place: Place, message: string) =>
    notices.push({ severity, key: path, line: place.line, message });
  for (const [key, { place }] of spec.entries) {
    if (NOTED.includes(key)) note('ignored', `spec.${key}`, place, 'has no meaning outside of Kubernetes');
    if (key === 'authServerConfig') {
      note('refuses', 'spec.authServerConfig', place, 'the embedded authorization server is not supported');
    }
  }
  for (const key of ['incomingAuth', 'outgoingAuth']) {
    const entry = config.entries.get(key);
    if (entry)
      note('warning', `spec.config.${key}`, entry.place, `not used: spec.${key} counts in a manifest`);
  }
  const outgoing = child(spec, 'outgoingAuth');
  for (const key of ['default', 'backends']) {
    const node = child(outgoing, key);
    const message = 'credentials kept in Kubernetes are not read: calls are sent without them';
    if (node) note('ignored', `spec.outgoingAuth.${key}`, node.place, message);
  }
  return notices;
}

/** What the operator resolves from other objects is not here; that it was asked for is, so that we refuse. */
function incomingAuth(auth: YamlNode | undefined): YamlNode | undefined {
  if (auth?.kind !== 'mapping') return auth;
  const entries: Record<string, YamlNode> = {};
  const type = child(auth, 'type');
  if (type) entries.type = type;
  const reference = child(auth, 'oidcConfigRef');
  if (reference) {
    const issuer = madeScalar(`oidcConfigRef ${textOf(child(reference, 'name')) ?? ''}`, reference, 'name');
    const audience = child(reference, 'audience') ?? madeScalar('unknown', reference, 'audience');
    entries.oidc = madeMapping({ issuer, audience }, auth, 'oidcConfigRef');
  }
  const inline = child(child(auth, 'authzConfig'), 'inline');
  const authz = inline ?? child(auth, 'authzConfig') ?? child(auth, 'authzConfigRef');
  if (authz) {
    const elsewhere: YamlNode = {
      ...sequenceOf([madeScalar('elsewhere', authz, 'policies')], authz, 'policies'),
    };
    const policies = child(inline, 'policies') ?? elsewhere;
    const step = child(auth, 'authzConfig') ? 'authzConfig' : 'authzConfigRef';
    const parts = { type: madeScalar('cedar', authz, 'type'), policies };
    entries.authz = madeMapping(parts, auth, step, auth.entries.get(step)?.place);
  }
  return { ...auth, entries: entriesOf(entries) };
}

function outgoingAuth(spec: YamlMapping): YamlNode {
  const auth = child(spec, 'outgoingAuth');
  const at = auth?.kind === 'mapping' ? auth : spec;
  const source = child(auth, 'source') ?? madeScalar('discovered', at, 'source');
  return madeMapping({ source }, spec, 'outgoingAuth', auth?.place);
}

/** The CRD's defaults; without the block, the operator's. */
function aggregation(node: YamlNode | undefined, config: YamlMapping): YamlNode {
  const prefix = () => madeScalar('prefix', config, 'conflictResolution');
  const format = () => madeScalar('{workload}_', config, 'prefixFormat');
  const settings = () => madeMapping({ prefixFormat: format() }, config, 'conflictResolutionConfig');
  if (node === undefined) {
    const made = { conflictResolution: prefix(), conflictResolutionConfig: settings() };
    return madeMapping(made, config, 'aggregation');
  }
  if (node.kind !== 'mapping') return node;
  const entries = new Map(node.entries);
  const add = (key: string, value: YamlNode) => entries.set(key, { place: node.place, value });
  if (child(node, 'conflictResolution') === undefined) add('conflictResolution', prefix());
  const resolution = child(node, 'conflictResolutionConfig');
  if (resolution?.kind === 'mapping' && child(resolution, 'prefixFormat') === undefined) {
    const merged = new Map(resolution.entries).set('prefixFormat', {
      place: resolution.place,
      value: format(),
    });
    add('conflictResolutionConfig', { ...resolution, entries: merged });
  }
  return { ...node, entries };
}

/** `sessionStorage.passwordRef` has no counterpart in the file. */
function withoutSecrets(node: YamlNode): YamlNode {
  if (node.kind !== 'mapping') return node;
  const entries = new Map(node.entries);
  entries.delete('passwordRef');
  return { ...node, entries };
}

function madeScalar(text: string, within: YamlNode, step: string): YamlNode {
  return { kind: 'scalar', text, plain: true, ...made(within, step) };
}

function madeMapping(
  entries: Readonly<Record<string, YamlNode>>,
  within: YamlNode,
  step: string,
  place: Place = within.place,
): YamlMapping {
  return { kind: 'mapping', entries: entriesOf(entries), ...made(within, step), place };
}

function sequenceOf(items: YamlNode[], within: YamlNode, step: string): YamlNode {
  return { kind: 'sequence', items, ...made(within, step) };
}

function made(within: YamlNode, step: string) {
  const parent = within.kind === 'scalar' ? within.parent : { node: within, step };
  return { place: within.place, parent, size: 1, height: 0 };
}

function entriesOf(entries: Readonly<Record<string, YamlNode>>): YamlMapping['entries'] {
  return new Map(Object.entries(entries).map(([key, value]) => [key, { place: value.place, value }]));
}
