/** What to paste where, so that a client finds the server. */
export interface ClientHint {
  readonly client: string;
  readonly text: string;
}

/** @param url of the MCP endpoint, e.g. `http://127.0.0.1:4483/mcp`. */
export function clientHints(url: string): readonly ClientHint[] {
  return [
    { client: 'Claude Code', text: `claude mcp add --transport http breakwater ${url}` },
    {
      client: 'Cursor (.cursor/mcp.json)',
      text: JSON.stringify({ mcpServers: { breakwater: { url } } }),
    },
    {
      client: 'VS Code (.vscode/mcp.json)',
      text: JSON.stringify({ servers: { breakwater: { type: 'http', url } } }),
    },
  ];
}
