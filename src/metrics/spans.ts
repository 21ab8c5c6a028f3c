import type { Answer, BackendRequest, CallOptions, Unavailable } from '../gateway/backend.js';
import { RPC, RpcError } from '../gateway/rpc-error.js';
import { UNAVAILABLE_META } from '../gateway/unavailable.js';
import { WrappedBackend } from '../gateway/wrapped-backend.js';
import { withinSpan } from './open-telemetry.js';
import type { Ended } from './open-telemetry.js';

/**
 * Spans of what clients ask and of the calls that follow from it. They name methods, tools, prompts and backends; neither
 * arguments nor addresses.
 *
 * Source: OpenTelemetry, Semantic conventions for Model Context Protocol (in development).
 */

type Params = Readonly<Record<string, unknown>>;

/** It is the client's word, of any length. */
const MAX_NAME_LENGTH = 128;

/** What a client asks: its own span, if it says in `_meta` which, is around this one. */
export function traceRequest<T>(method: string, params: Params, run: () => Promise<T>): Promise<T> {
  const attributes = attributesOf(method, params);
  const carrier = params['_meta'] ?? {};
  return withinSpan(
    { name: nameOf(method, params), kind: 'server', attributes, carrier },
    run,
    errorOfRequest,
  );
}

/** A backend whose calls are spans, refused ones included. */
export class TracedBackend extends WrappedBackend {
  override call(request: BackendRequest, options: CallOptions): Promise<Answer> {
    const { method, params } = request;
    const attributes = attributesOf(method, params);
    attributes['breakwater.backend'] = this.name;
    const spanned = { name: nameOf(method, params), kind: 'client', attributes } as const;
    return withinSpan(spanned, () => this.backend.call(request, options), errorOfCall);
  }
}

function nameOf(method: string, { name }: Params): string {
  return typeof name === 'string' ? `${method} ${name.slice(0, MAX_NAME_LENGTH)}` : method;
}

/** Made for every call, SDK or not, and so without spreads, which take longer than all the rest. */
function attributesOf(method: string, { name }: Params): Record<string, string> {
  if (typeof name !== 'string') return { 'mcp.method.name': method };
  const shown = name.slice(0, MAX_NAME_LENGTH);
  return method === 'tools/call'
    ? { 'mcp.method.name': method, 'gen_ai.tool.name': shown }
    : { 'mcp.method.name': method, 'gen_ai.prompt.name': shown };
}

function errorOfRequest(ended: Ended<unknown>): string | undefined {
  if ('value' in ended) return errorOfResult(ended.value as Params);
  if (!(ended.error instanceof RpcError)) return 'internal_error';
  const { code, data } = ended.error;
  return code === RPC.backendUnavailable ? errorOf(data as Partial<Unavailable>) : String(code);
}

function errorOfCall(ended: Ended<Answer>): string | undefined {
  if (!('value' in ended)) return 'internal_error';
  const answer = ended.value;
  switch (answer.kind) {
    case 'result':
      return errorOfResult(answer.result);
    case 'error':
      return String(answer.code);
    case 'unavailable':
      return errorOf(answer.unavailable);
    case 'cancelled':
      return 'cancelled';
  }
}

function errorOfResult({ isError, _meta }: Params): string | undefined {
  if (isError !== true) return undefined;
  const unavailable = (_meta as Params | undefined)?.[UNAVAILABLE_META];
  return unavailable === undefined ? 'tool_error' : errorOf(unavailable as Partial<Unavailable>);
}

/** Of a call that failed, why; of one that was not made, the code that its caller is told. */
function errorOf(unavailable?: Partial<Unavailable>): string {
  const { code, category } = unavailable ?? {};
  return code === 'CALL_FAILED' ? (category ?? code) : (code ?? 'BACKEND_UNAVAILABLE');
}
