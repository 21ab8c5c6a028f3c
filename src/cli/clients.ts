/** What to paste where, so that a client finds the server. */
export interface ClientHint {
  readonly client: string;
  readonly text: string;
}

/**
 * @param url of the MCP endpoint, e.g. `http://127.0.0.1:4483/mcp`
 * @param tokenEnv the variable with the token that clients send; absent: they send none, or get one by themselves
 */
export function clientHints(url: string, tokenEnv?: string): readonly ClientHint[] {
  const option = tokenEnv === undefined ? '' : ` --header "Authorization: Bearer $${tokenEnv}"`;
  // Both editors put in the variable by themselves.
  const server = {
    url,
    ...(tokenEnv !== undefined && { headers: { Authorization: `Bearer \${env:${tokenEnv}}` } }),
  };
  return [
    { client: 'Claude Code', text: `claude mcp add --transport http breakwater ${url}${option}` },
    {
      client: 'Cursor (.cursor/mcp.json)',
      text: JSON.stringify({ mcpServers: { breakwater: server } }),
    },
    {
      client: 'VS Code (.vscode/mcp.json)',
      text: JSON.stringify({ servers: { breakwater: { type: 'http', ...server } } }),
    },
  ];
}
