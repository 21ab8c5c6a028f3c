import { MCP_PATH } from '../request-target.js';

/**
 * Which token opens a path, where clients have to prove who they are.
 *
 * - `open`, none: `/health`, `/ping` and `/readyz` say that the process lives, to probes that have no token; `/` is
 *   style and script alone, and has to ask for whatever it shows.
 * - `client`, that of a client: `/mcp`. The admin token is not one: who may look on may not call tools.
 * - `reader`, that of a client or the admin token: all else. `/status`, `/metrics` and `/api/...` name every backend,
 *   some with its address, and show how much it is used and when it fails. Prometheus and curl can send a token, and
 *   with the admin token an operator can look even while the issuer is away.
 * - `operator`, the admin token alone: the controls, which ask for it themselves.
 *
 * What is not named here is for readers: an endpoint that is added is closed until somebody says otherwise.
 */
export type Door = 'open' | 'client' | 'reader' | 'operator';

const OPEN: readonly string[] = ['/', '/health', '/ping', '/readyz'];
const CONTROL = /^\/api\/backends\/[^/]+\/[^/]+$/;

export function doorOf(path: string, method: string | undefined): Door {
  if (path === MCP_PATH) return 'client';
  if (OPEN.includes(path)) return 'open';
  return method === 'POST' && CONTROL.test(path) ? 'operator' : 'reader';
}
