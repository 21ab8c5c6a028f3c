import type { BearerAuth, IncomingAuth } from './config.js';
import { valueOf, type Environment } from './credentials.js';
import type { Fault } from './fault.js';
import type { ConfigFile } from './file-shape.js';
import { isSecureUrl } from './secure-url.js';
import type { Path } from './yaml-tree.js';

/** Shorter tokens can be guessed, and the log would not keep them out. */
const MIN_TOKEN_LENGTH = 8;

/** What is wrong with the variable that `bearer.tokenEnv` names. A missing name is for the rules to say. */
export function tokenFaults({ incomingAuth }: ConfigFile, environment: Environment): Fault[] {
  const variable = incomingAuth?.type === 'bearer' ? (incomingAuth.bearer?.tokenEnv ?? '') : '';
  if (variable === '') return [];
  const path: Path = ['incomingAuth', 'bearer', 'tokenEnv'];
  const wrong = tokenFault(valueOf(environment, variable) ?? '');
  return wrong === undefined ? [] : [{ path, message: `environment variable ${variable} ${wrong}` }];
}

function tokenFault(token: string): string | undefined {
  if (token === '') return 'not set or empty';
  if (!/^[!-~]+$/.test(token)) return 'holds characters that a bearer token cannot have';
  if (token.length >= MIN_TOKEN_LENGTH) return undefined;
  return `is too short for a token: at least ${MIN_TOKEN_LENGTH} characters`;
}

/** The addresses of `oidc`, which the reference looks at only when it uses them. */
export function incomingFaults({ incomingAuth }: ConfigFile): Fault[] {
  if (incomingAuth?.type !== 'oidc' || incomingAuth.oidc === undefined) return [];
  const {
    issuer = '',
    jwksUrl = '',
    resource = '',
    scopes = [],
    insecureAllowHttp = false,
  } = incomingAuth.oidc;
  const faults: Fault[] = [];
  const fault = (key: string, message: string, path: Path = [key]) =>
    faults.push({ path: ['incomingAuth', 'oidc', ...path], message: `incomingAuth.oidc.${key} ${message}` });
  for (const [key, url] of [
    ['issuer', issuer],
    ['jwksUrl', jwksUrl],
  ] as const) {
    if (url !== '' && !isSecureUrl(url, insecureAllowHttp)) {
      fault(key, 'must be an https address, or on this machine; insecureAllowHttp allows http elsewhere');
    }
  }
  // OpenID Connect Discovery, section 2: the address of the document is made by appending to it.
  if (/[?#]/.test(issuer)) fault('issuer', 'must not have a query or a fragment');
  if (resource !== '' && (!isSecureUrl(resource, true) || resource.includes('#'))) {
    fault('resource', 'must be the http or https address of /mcp as clients see it, without fragment');
  }
  for (const [index, scope] of scopes.entries()) {
    // RFC 6749, section 3.3.
    if (/^[!#-[\]-~]+$/.test(scope)) continue;
    const message = 'must be one scope: no spaces, quotes or backslashes';
    fault(`scopes[${index}]`, message, ['scopes', index]);
  }
  return faults;
}

/** How clients prove who they are, in a file that has passed every rule. */
export function incomingAuthOf({ incomingAuth }: ConfigFile, environment: Environment): IncomingAuth {
  const { type, oidc, bearer } = incomingAuth ?? {};
  if (type === 'bearer') {
    const { tokenEnv = '' } = bearer ?? {};
    const value = valueOf(environment, tokenEnv) ?? '';
    return Object.defineProperty({ type, tokenEnv } as BearerAuth, 'token', { value, enumerable: false });
  }
  // Closed unless it is said to be open.
  if (type !== 'oidc') return { type: type === 'anonymous' ? type : 'local' };
  const { issuer = '', audience = '', resource = '', jwksUrl = '', scopes = [] } = oidc ?? {};
  return {
    type,
    issuer,
    audience,
    resource: resource === '' ? undefined : resource,
    jwksUrl: jwksUrl === '' ? undefined : jwksUrl,
    scopes,
    insecureAllowHttp: oidc?.insecureAllowHttp ?? false,
  };
}
