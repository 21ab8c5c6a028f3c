import { problem } from '../endpoints.js';
import type { JsonAnswer } from '../endpoints.js';
import type { Refusal, RefusalCode } from './verdict.js';

/** What a client that is turned away may need to get a token. */
export interface Hints {
  /** Of the metadata of the resource. */
  readonly documentUrl?: string;
  readonly scopes?: readonly string[];
}

const STATUS: Readonly<Record<RefusalCode, number>> = {
  TOKEN_REQUIRED: 401,
  INVALID_REQUEST: 400,
  INVALID_TOKEN: 401,
  INSUFFICIENT_SCOPE: 403,
  ISSUER_UNAVAILABLE: 503,
};

/** The words of RFC 6750, section 3.1; who sent no token is not told of an error. */
const ERROR: Readonly<Partial<Record<RefusalCode, string>>> = {
  INVALID_REQUEST: 'invalid_request',
  INVALID_TOKEN: 'invalid_token',
  INSUFFICIENT_SCOPE: 'insufficient_scope',
};

/**
 * How a refusal is answered.
 *
 * Source: RFC 6750, section 3; RFC 9728, section 5.1; MCP specification 2025-11-25, Authorization.
 */
export function refusalAnswer({ code, message, retryAfterMs }: Refusal, hints: Hints): JsonAnswer {
  const status = STATUS[code];
  if (status === 503) {
    const seconds = Math.max(1, Math.ceil((retryAfterMs ?? 0) / 1000));
    return problem(status, code, message, { 'Retry-After': String(seconds) });
  }
  return problem(status, code, message, { 'WWW-Authenticate': challenge(code, message, hints) });
}

function challenge(code: RefusalCode, message: string, { documentUrl, scopes = [] }: Hints): string {
  const error = ERROR[code];
  const parameters = {
    realm: 'breakwater',
    ...(error !== undefined && { error, error_description: message.replaceAll('"', "'") }),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    ...(documentUrl !== undefined && { resource_metadata: documentUrl }),
  };
  return `Bearer ${Object.entries(parameters)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}`;
}
