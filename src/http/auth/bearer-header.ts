import type { IncomingMessage } from 'node:http';
import { queryOf } from '../request-target.js';
import { refused } from './verdict.js';
import type { Refusal } from './verdict.js';

/**
 * The token of a request. It comes in one `Authorization` header and in no other way: one in the address would
 * stand in the logs of every proxy, and of two headers a proxy might have looked at the other.
 *
 * Source: RFC 6750, sections 2.1 and 3.1; MCP specification 2025-11-25, Authorization, Access Token Usage.
 */
export function readToken(request: IncomingMessage): string | Refusal {
  if (queryOf(request).has('access_token')) {
    return refused(
      'INVALID_REQUEST',
      'a token belongs into the Authorization header, never into the address',
    );
  }
  const { authorization = [] } = request.headersDistinct;
  if (authorization.length > 1) return refused('INVALID_REQUEST', 'send one Authorization header');
  const token = /^Bearer +(?<token>[!-~]+)$/i.exec(authorization[0] ?? '')?.groups?.['token'];
  return token ?? refused('TOKEN_REQUIRED', 'send a token as "Authorization: Bearer <token>"');
}
