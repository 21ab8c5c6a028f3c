import type { ServerResponse } from 'node:http';

/** An exchange that does not get as far as a session: answered with a status and a JSON-RPC error. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  answer(response: ServerResponse): void {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      error: { code: this.code, message: this.message },
      id: null,
    });
    response.writeHead(this.status, {
      ...this.headers,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    });
    response.end(body);
  }
}
