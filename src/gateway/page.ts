import { RPC, RpcError } from './rpc-error.js';

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

/**
 * One page of a list that is sorted by key. A cursor names the last key seen, so a list that changes between two
 * pages repeats nothing and skips nothing that stayed.
 *
 * @param cursor as a former page gave it; the first page without
 * @throws {RpcError} invalid params: the cursor is none of ours
 */
export function pageOf<Item extends { readonly key: string }>(
  sorted: readonly Item[],
  cursor: unknown,
  size: number,
): Page<Item> {
  const start = cursor === undefined ? 0 : firstAfter(sorted, keyOf(cursor));
  const items = sorted.slice(start, start + size);
  const last = items.at(-1);
  return last && start + size < sorted.length ? { items, nextCursor: cursorOf(last.key) } : { items };
}

const MARK = 'after:';

function cursorOf(key: string): string {
  // UTF-16 as strings are: UTF-8 has no form for half a surrogate pair, which JSON may hold.
  return Buffer.from(MARK + key, 'utf16le').toString('base64url');
}

function keyOf(cursor: unknown): string {
  const text = typeof cursor === 'string' ? Buffer.from(cursor, 'base64url').toString('utf16le') : '';
  if (!text.startsWith(MARK)) throw new RpcError(RPC.invalidParams, 'invalid cursor');
  return text.slice(MARK.length);
}

/** Binary search for the first key greater than `key`. */
function firstAfter(sorted: readonly { readonly key: string }[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = sorted[middle];
    if (item && item.key <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
