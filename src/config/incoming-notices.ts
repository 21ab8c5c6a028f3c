import type { Locate } from './decode.js';
import type { ConfigFile } from './file-shape.js';
import type { Notice, Severity } from './problems.js';
import { isLoopback } from './secure-url.js';
import type { Path } from './yaml-tree.js';

type IncomingSection = NonNullable<ConfigFile['incomingAuth']>;
type OidcSection = NonNullable<IncomingSection['oidc']>;
type Note = (severity: Severity, path: Path, message: string) => void;

/** What is not supported of the ways in which clients prove who they are; it refuses where that would let someone in. */
export function incomingNotices(
  { incomingAuth: auth }: ConfigFile,
  locate: Locate,
  format: 'vmcp' | 'manifest',
): Notice[] {
  if (auth === undefined) return [];
  const notices: Notice[] = [];
  const note: Note = (severity, path, message) => {
    const { key, line } = locate(['incomingAuth', ...path]);
    notices.push({ severity, key, line, message });
  };
  const { type = '', oidc } = auth;
  if (type === 'local') {
    note(
      'refuses',
      ['type'],
      'incoming authentication "local" is not supported: without it anybody could call',
    );
  }
  if (type === 'oidc' && format === 'manifest') {
    const message =
      'incoming authentication "oidc" is not supported in a manifest, which only says where its settings are: ' +
      'without them anybody could call';
    note('refuses', ['type'], message);
  } else if (type === 'oidc' && oidc !== undefined) oidcNotes(oidc, note);
  for (const block of ['oidc', 'bearer'] as const) {
    if (auth[block] === undefined || block === type) continue;
    note('ignored', [block], `not used while incomingAuth.type is ${type}`);
  }
  authzNotes(auth.authz, note);
  return notices;
}

/** None of it lets anybody in: a token that would have to be introspected is refused. */
function oidcNotes(oidc: OidcSection, note: Note): void {
  const ignored: [keyof OidcSection, string][] = [
    ['clientId', 'not used: tokens are checked with the keys of the issuer'],
    ['clientSecretEnv', 'not used: tokens are checked with the keys of the issuer'],
    ['introspectionUrl', 'introspection is not supported: tokens that are no JWTs are refused'],
    ['caBundlePath', 'not supported: only authorities known to Node are trusted (see NODE_EXTRA_CA_CERTS)'],
  ];
  for (const [key, message] of ignored) {
    if ((oidc[key] ?? '') !== '') note('ignored', ['oidc', key], message);
  }
  for (const key of ['jwksAllowPrivateIp', 'protectedResourceAllowPrivateIp'] as const) {
    if (oidc[key] !== false) continue;
    note(
      'ignored',
      ['oidc', key],
      'not supported: the issuer may be at any address, and its keys where it says',
    );
  }
  for (const key of ['issuer', 'jwksUrl'] as const) {
    const url = oidc[key] ?? '';
    if (url === '' || new URL(url).protocol === 'https:' || isLoopback(new URL(url).hostname)) continue;
    note(
      'warning',
      ['oidc', key],
      'without TLS whoever is on the way can put in keys, and let in whom they like',
    );
  }
}

function authzNotes(authz: IncomingSection['authz'], note: Note): void {
  if (authz?.type !== 'cedar') return;
  if ((authz.policies ?? []).every(permitsAll)) {
    note('ignored', ['authz'], 'Cedar is not supported; these policies permit everything');
  } else {
    note(
      'refuses',
      ['authz'],
      'Cedar policies are not supported: without them every client could do everything',
    );
  }
}

/** The one policy that can be left out without letting anybody do more. */
function permitsAll(policy: string): boolean {
  return policy.replaceAll(/\s/g, '') === 'permit(principal,action,resource);';
}
