import type { IncomingMessage } from 'node:http';
import type { BearerAuth, IncomingAuth, OidcAuth } from '../../config/config.js';
import type { Log } from '../../logging/log.js';
import { isSameToken } from '../admin-token.js';
import type { JsonAnswer } from '../endpoints.js';
import { pacedWarning } from '../paced-warning.js';
import { pathOf } from '../request-target.js';
import { readToken } from './bearer-header.js';
import { refusalAnswer } from './challenge.js';
import { doorOf } from './door.js';
import { IssuerKeys } from './issuer-keys.js';
import { judgeOidcToken } from './oidc-token.js';
import { createProtectedResource } from './protected-resource.js';
import type { ProtectedResource } from './protected-resource.js';
import { judgeStaticToken } from './static-token.js';
import type { Admission, Verdict } from './verdict.js';

const REFUSAL_LOG_INTERVAL_MS = 1000;

/** Who stands at the door, where clients have to prove who they are. */
export interface Gate {
  /** Answers by itself what is for those who have no token yet; undefined for everything else. */
  answer(request: IncomingMessage): JsonAnswer | undefined;
  /** Whether a request needs no token here, or is asked for it further in. */
  isOpen(request: IncomingMessage): boolean;
  /** @returns who sent it, or how it is to be answered. */
  judge(request: IncomingMessage): Promise<Admission | JsonAnswer>;
  /** Gets ready for the first token. */
  prepare(): void;
}

export interface GateOptions {
  readonly auth: IncomingAuth;
  /** Lets readers in as well; absent: nobody has one. */
  readonly adminToken?: string | undefined;
  readonly log: Log;
}

/**
 * @returns undefined where everybody may come in.
 * @throws for a way that is not supported: whoever starts a server refuses it before.
 */
export function createGate({ auth, adminToken, log }: GateOptions): Gate | undefined {
  if (auth.type === 'anonymous') return undefined;
  if (auth.type === 'local') throw new Error('incoming authentication "local" is not supported');
  const warn = pacedWarning(log, 'a token was refused', REFUSAL_LOG_INTERVAL_MS);
  const { judge, prepare, resource, scopes } = auth.type === 'oidc' ? oidcWay(auth, log) : staticWay(auth);
  const verdictOn = (request: IncomingMessage): Verdict | Promise<Verdict> => {
    const token = readToken(request);
    if (typeof token !== 'string') return token;
    const isReader = doorOf(pathOf(request), request.method) === 'reader';
    if (isReader && adminToken !== undefined && isSameToken(token, adminToken)) return OPERATOR;
    return judge(token);
  };
  return {
    answer: (request) => resource?.answer(request),
    isOpen: (request) => {
      const door = doorOf(pathOf(request), request.method);
      return door === 'open' || door === 'operator';
    },
    judge: async (request) => {
      const verdict = await verdictOn(request);
      if (verdict.kind === 'admitted') return verdict;
      const { code, why } = verdict;
      if (why !== undefined)
        warn({ code, why, path: pathOf(request), address: request.socket.remoteAddress });
      const documentUrl = resource?.documentUrl(request);
      return refusalAnswer(verdict, { scopes, ...(documentUrl !== undefined && { documentUrl }) });
    },
    prepare,
  };
}

/** Of no use on `/mcp`, so it owns no session. */
const OPERATOR: Admission = { kind: 'admitted', principal: 'operator' };

/** One way to prove who one is. */
interface Way {
  readonly judge: (token: string) => Verdict | Promise<Verdict>;
  readonly prepare: () => void;
  readonly resource?: ProtectedResource;
  readonly scopes: readonly string[];
}

function staticWay(auth: BearerAuth): Way {
  return { judge: (token) => judgeStaticToken(token, auth), prepare: () => undefined, scopes: [] };
}

function oidcWay(auth: OidcAuth, log: Log): Way {
  const keys = new IssuerKeys(auth, log);
  return {
    judge: (token) => judgeOidcToken(token, auth, keys),
    prepare: () => keys.prepare(),
    resource: createProtectedResource(auth),
    scopes: auth.scopes,
  };
}
