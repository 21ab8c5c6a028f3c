/** Codes of the errors that the gateway itself answers with, beside those of JSON-RPC. */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** Bad use of the transport. */
  badRequest: -32000,
  sessionNotFound: -32001,
  /** Source: MCP specification 2025-11-25, Resources, Error handling. */
  resourceNotFound: -32002,
  /** The backend of this prompt or resource cannot be used now; `data` says which, why and until when. */
  backendUnavailable: -32050,
} as const;

/** An error answer of JSON-RPC. Sent as it is: no prefix, no stack. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
}
