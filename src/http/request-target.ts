import type { IncomingMessage } from 'node:http';

/** Where MCP is. */
export const MCP_PATH = '/mcp';

/** What a request is for, without what it asks of it. */
export function pathOf({ url }: IncomingMessage): string {
  return url?.split('?', 1)[0] ?? '';
}

export function queryOf({ url }: IncomingMessage): URLSearchParams {
  return new URLSearchParams(url?.split('?', 2)[1]);
}
