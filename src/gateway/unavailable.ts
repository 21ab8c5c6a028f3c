import type { Unavailable } from './backend.js';
import { RPC, RpcError } from './rpc-error.js';

/** Where the data of the answer stands in the `_meta` of a tool result. */
export const UNAVAILABLE_META = 'breakwater/unavailable';

/**
 * What a caller of a tool gets while its backend cannot be used: a result, so that the agent reads it, with the same
 * as data in `_meta`.
 */
export function unavailableResult(unavailable: Unavailable): Readonly<Record<string, unknown>> {
  return {
    content: [{ type: 'text', text: textOf(unavailable) }],
    isError: true,
    _meta: { [UNAVAILABLE_META]: unavailable },
  };
}

/** The same for a resource, a prompt or a completion, whose results have no place for an error. */
export function unavailableError(unavailable: Unavailable): RpcError {
  return new RpcError(RPC.backendUnavailable, textOf(unavailable), unavailable);
}

/** For lists where `partialFailureMode` is `fail`. */
export function unavailableListError(unavailable: readonly Unavailable[]): RpcError {
  const all = unavailable.map(({ backend, reason }) => `"${backend}" (${reason})`).join(', ');
  const text = `This list would be incomplete: unavailable ${noun(unavailable.length)} ${all}. partialFailureMode is fail.`;
  return new RpcError(RPC.backendUnavailable, text, { unavailable });
}

/** `Backend "x" is unavailable: …. Nothing was sent to it. Try again in 12 s.` */
function textOf(unavailable: Unavailable): string {
  const { backend, code, reason } = unavailable;
  const why = code === 'CALL_FAILED' ? `this call to it failed, ${reason}` : reason;
  return `Backend "${backend}" is unavailable: ${why}. ${effectOf(unavailable)} ${adviceOf(unavailable)}`;
}

function effectOf({ code, mayHaveRun }: Unavailable): string {
  if (mayHaveRun) return 'Whether it took effect is not known.';
  return code === 'CALL_FAILED' ? 'It was not processed.' : 'Nothing was sent to it.';
}

function adviceOf({ code, retryAfterMs, mayHaveRun }: Unavailable): string {
  if (mayHaveRun) return `Find out before you try again${when(retryAfterMs)}.`;
  if (retryAfterMs !== undefined) return `Try again${when(retryAfterMs)}.`;
  // Its circuit still admits calls.
  return code === 'CALL_FAILED' ? 'It may be tried again now.' : 'It is not known when it will be back.';
}

function when(retryAfterMs: number | undefined): string {
  return retryAfterMs === undefined ? '' : ` in ${Math.max(1, Math.ceil(retryAfterMs / 1000))} s`;
}

function noun(count: number): string {
  return count === 1 ? 'backend' : 'backends';
}
