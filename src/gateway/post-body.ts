import type { IncomingMessage } from 'node:http';
import { JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { HttpRefusal } from './http-refusal.js';
import { RPC } from './rpc-error.js';

export interface PostBody {
  /** At least one. */
  readonly messages: readonly JSONRPCMessage[];
  /** Whether they came as an array. */
  readonly batch: boolean;
}

/**
 * Reads the messages of one POST; undefined when the client was gone before they were whole.
 *
 * @param maxBodyBytes exactly so many pass, as do `maxBatch` messages
 * @throws {HttpRefusal} 406, 413, 415, or 400 for what is no JSON, no JSON-RPC, or no proper batch
 */
export async function readMessages(
  request: IncomingMessage,
  maxBodyBytes: number,
  maxBatch: number,
): Promise<PostBody | undefined> {
  assertAccepts(request, ['application/json', 'text/event-stream']);
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new HttpRefusal(415, RPC.badRequest, 'send application/json');
  }
  const text = await readText(request, maxBodyBytes);
  if (text === undefined) return undefined;
  const value = parse(text);
  const batch = Array.isArray(value);
  const items: readonly unknown[] = batch ? (value as unknown[]) : [value];
  if (items.length === 0 || items.length > maxBatch) {
    throw new HttpRefusal(400, RPC.invalidRequest, `a batch holds 1 to ${maxBatch} messages`);
  }
  return { messages: items.map(messageOf), batch };
}

/** @throws {HttpRefusal} 406 */
export function assertAccepts({ headers }: IncomingMessage, types: readonly string[]): void {
  const accepted = headers.accept ?? '';
  if (accepted.includes('*/*') || types.every((type) => accepted.includes(type))) return;
  throw new HttpRefusal(406, RPC.badRequest, `accept ${types.join(' and ')}`);
}

async function readText(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const tooLarge = () => new HttpRefusal(413, RPC.badRequest, `at most ${maxBytes} bytes are taken`);
  if (Number(request.headers['content-length']) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Not destroyed when the loop is left early: the refusal has yet to be sent on the same socket.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) break;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  if (size > maxBytes) {
    // The rest is let through and forgotten: a client whose bytes nobody takes would be reset before it can read why.
    // How long that may last is for the server's request time-out to say.
    request.resume();
    throw tooLarge();
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpRefusal(400, RPC.parseError, 'the body is not JSON');
  }
}

function messageOf(item: unknown): JSONRPCMessage {
  const { data } = JSONRPCMessageSchema.safeParse(item);
  if (!data) throw new HttpRefusal(400, RPC.invalidRequest, 'the body is not a JSON-RPC message');
  return data;
}
