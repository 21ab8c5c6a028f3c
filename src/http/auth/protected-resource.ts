import type { IncomingMessage } from 'node:http';
import type { OidcAuth } from '../../config/config.js';
import { notAllowed, READ_METHODS } from '../endpoints.js';
import type { JsonAnswer } from '../endpoints.js';
import { MCP_PATH, pathOf } from '../request-target.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** What clients are told of who issues tokens for us, so that they can ask for one. */
export interface ProtectedResource {
  /** Where a client finds the document: named by the resource if that is configured, else by the Host it used. */
  documentUrl(request: IncomingMessage): string;
  /** The document; undefined for a path of others. */
  answer(request: IncomingMessage): JsonAnswer | undefined;
}

/**
 * The metadata of `/mcp`, at the address made from its own and, for clients that look there, without its path.
 * A Host has been checked before it is repeated here.
 *
 * Source: RFC 9728, sections 2 and 3.
 */
export function createProtectedResource({ issuer, resource, scopes }: OidcAuth): ProtectedResource {
  const resourceUrl = ({ headers }: IncomingMessage): string =>
    resource ?? `http://${headers.host ?? ''}${MCP_PATH}`;
  const pathAt = (url: string): string => WELL_KNOWN + new URL(url).pathname.replace(/\/$/, '');
  const paths = [WELL_KNOWN, WELL_KNOWN + MCP_PATH, ...(resource === undefined ? [] : [pathAt(resource)])];
  return {
    documentUrl: (request) => {
      const url = resourceUrl(request);
      return new URL(pathAt(url), url).href;
    },
    answer: (request) => {
      if (!paths.includes(pathOf(request))) return undefined;
      if (!READ_METHODS.includes(request.method ?? '')) return notAllowed(READ_METHODS);
      const body = {
        resource: resourceUrl(request),
        authorization_servers: [issuer],
        // One without elements must be left out.
        ...(scopes.length > 0 && { scopes_supported: scopes }),
        bearer_methods_supported: ['header'],
      };
      return { status: 200, body };
    },
  };
}
