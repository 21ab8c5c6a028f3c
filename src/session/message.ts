/** A JSON-RPC message from a backend, read as far as we must to route it. Its contents are passed on, not judged. */
export type Incoming =
  | { readonly kind: 'result'; readonly id: number; readonly result: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'error';
      /** Undefined where the backend could not tell which request it speaks of (`id: null`). */
      readonly id: number | undefined;
      readonly code: number;
      readonly message: string;
      readonly data?: unknown;
    }
  | {
      readonly kind: 'request';
      readonly id: string | number;
      readonly method: string;
      readonly params: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'notification';
      readonly method: string;
      readonly params: Readonly<Record<string, unknown>>;
    }
  /** Not JSON-RPC 2.0; `id` where it is plain which request it was meant to answer. */
  | { readonly kind: 'malformed'; readonly id: number | undefined };

export interface OutgoingRequest {
  readonly jsonrpc: '2.0';
  readonly id: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface OutgoingNotification {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Our answer to a request of the backend. */
export interface OutgoingAnswer {
  readonly jsonrpc: '2.0';
  readonly id: string | number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/**
 * Sorts one decoded JSON value. An answer counts only with `jsonrpc: "2.0"`, exactly one of result and error, and an
 * id of ours: a number. A number written as a string is another id, by JSON-RPC, but plain as to what was meant.
 */
export function readMessage(value: unknown): Incoming {
  if (!isRecord(value)) return { kind: 'malformed', id: undefined };
  const { id, method } = value;
  if (typeof method === 'string' && value['jsonrpc'] === '2.0') {
    const params = isRecord(value['params']) ? value['params'] : {};
    if (typeof id === 'string' || typeof id === 'number') return { kind: 'request', id, method, params };
    return { kind: 'notification', method, params };
  }
  const answer = readAnswer(value, typeof id === 'number' ? id : undefined);
  const isWritten = answer.kind === 'malformed' && typeof id === 'string' && /^\d{1,15}$/.test(id);
  return isWritten ? { ...answer, id: Number(id) } : answer;
}

/** Whether a JSON value has more levels of arrays and objects than that. Deeper ones overflow the stack elsewhere. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  // Looked at in every message: loops without a closure or a copy take a third of the time.
  if (Array.isArray(value)) {
    for (const each of value) if (isDeeperThan(each, levels - 1)) return true;
    return false;
  }
  const record = value as Readonly<Record<string, unknown>>;
  for (const key in record) if (isDeeperThan(record[key], levels - 1)) return true;
  return false;
}

/** The caller's own token would be taken for one of ours: it is replaced, or removed where no progress is asked for. */
export function withProgressToken(
  params: Readonly<Record<string, unknown>>,
  token: number | undefined,
): Readonly<Record<string, unknown>> {
  const given = params['_meta'];
  const meta: Record<string, unknown> = isRecord(given) ? { ...given } : {};
  if (token !== undefined) return { ...params, _meta: { ...meta, progressToken: token } };
  if (!('progressToken' in meta)) return params;
  delete meta['progressToken'];
  return { ...params, _meta: meta };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readAnswer(value: Record<string, unknown>, id: number | undefined): Incoming {
  const { result, error } = value;
  if (value['jsonrpc'] !== '2.0' || (result === undefined) === (error === undefined)) {
    return { kind: 'malformed', id };
  }
  if (error === undefined) {
    return id !== undefined && isRecord(result) ? { kind: 'result', id, result } : { kind: 'malformed', id };
  }
  if (!isRecord(error) || !Number.isInteger(error['code']) || typeof error['message'] !== 'string') {
    return { kind: 'malformed', id };
  }
  // A string id is somebody else's; no id at all is a backend that could not read the request.
  if (id === undefined && value['id'] !== undefined && value['id'] !== null) return { kind: 'malformed', id };
  const read = { kind: 'error', id, code: error['code'] as number, message: error['message'] } as const;
  return 'data' in error ? { ...read, data: error['data'] } : read;
}
