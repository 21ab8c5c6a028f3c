import type { Caller } from '../session/caller.js';
import { withProgressToken } from '../session/message.js';
import type { Answer, Client, GatewayBackend } from './backend.js';
import type { Kind, Route } from './directory.js';
import { prefixOf } from './directory.js';
import { GATEWAY_LIMITS } from './limits.js';
import type { Listing } from './listing.js';
import { whyUnlisted } from './listing.js';
import { pageOf } from './page.js';
import { RPC, RpcError } from './rpc-error.js';
import { unavailableError, unavailableListError, unavailableResult } from './unavailable.js';
import type { Subscriptions } from './subscriptions.js';
import { matchTemplate } from './uri-template.js';
import type { GatewaySettings } from './settings.js';

export type Params = Readonly<Record<string, unknown>>;
export type Result = Readonly<Record<string, unknown>>;

/** The call of one client. */
export interface Exchange {
  /** Aborted when the client cancels or is gone. */
  readonly signal: AbortSignal;
  /** Tells the client of progress; undefined where it did not ask. */
  readonly onProgress: ((params: Params) => void) | undefined;
  readonly client: Client;
  /** The way to the client while this call is out: what goes there belongs to it. */
  readonly caller: Caller;
}

/** Ends with a result or throws an `RpcError`. */
export type Handler = (params: Params, exchange: Exchange) => Result | Promise<Result>;

/** What the gateway answers to each method; `initialize`, `ping` and the logging level belong to the client session. */
export function createHandlers(
  listing: Listing,
  subscriptions: Subscriptions,
  settings: GatewaySettings,
): ReadonlyMap<string, Handler> {
  const list =
    (kind: Kind): Handler =>
    ({ cursor }) => {
      assertComplete(listing, settings);
      const { items, nextCursor } = pageOf(listing.list(kind), cursor, GATEWAY_LIMITS.pageSize);
      return { [kind]: items.map(({ entry }) => entry), ...(nextCursor !== undefined && { nextCursor }) };
    };
  return new Map<string, Handler>([
    ['tools/list', list('tools')],
    ['resources/list', list('resources')],
    ['resources/templates/list', list('resourceTemplates')],
    ['prompts/list', list('prompts')],
    ['tools/call', (params, exchange) => callTool(listing, settings, params, exchange)],
    ['resources/read', (params, exchange) => readResource(listing, params, exchange)],
    ['resources/subscribe', (params, exchange) => subscribe(listing, subscriptions, params, exchange)],
    ['resources/unsubscribe', (params, exchange) => unsubscribe(subscriptions, params, exchange)],
    ['prompts/get', (params, exchange) => getPrompt(listing, params, exchange)],
    ['completion/complete', (params, exchange) => complete(listing, params, exchange)],
  ]);
}

function assertComplete(listing: Listing, { partialFailureMode }: GatewaySettings): void {
  if (partialFailureMode !== 'fail') return;
  const unavailable = listing.unavailable();
  if (unavailable.length > 0) throw unavailableListError(unavailable);
}

async function callTool(
  listing: Listing,
  { aggregation }: GatewaySettings,
  params: Params,
  exchange: Exchange,
): Promise<Result> {
  const name = textOf(params, 'name');
  const route = listing.directory.tools.get(name);
  if (!route || route.hidden) {
    const absent =
      aggregation.strategy === 'prefix' && !route
        ? listing
            .unheard()
            .find((backend) => name.startsWith(prefixOf(aggregation.prefixFormat, backend.name)))
        : undefined;
    if (absent) return unavailableResult(whyUnlisted(absent));
    throw unknown('tool', name, listing, RPC.invalidParams);
  }
  const answer = await send(route, 'tools/call', { ...params, name: route.original }, exchange);
  return answer.kind === 'unavailable' ? unavailableResult(answer.unavailable) : resultOf(answer);
}

async function readResource(listing: Listing, params: Params, exchange: Exchange): Promise<Result> {
  const route = resourceOf(textOf(params, 'uri'), listing);
  return resultOf(await send(route, 'resources/read', params, exchange));
}

/** @throws {RpcError} nobody has it */
function resourceOf(uri: string, listing: Listing): Route {
  const { resources, resourceTemplates } = listing.directory;
  const route =
    resources.get(uri) ?? resourceTemplates.get(matchTemplate(uri, resourceTemplates.keys()) ?? '');
  if (!route) throw unknown('resource', uri, listing, RPC.resourceNotFound);
  return route;
}

async function subscribe(
  listing: Listing,
  subscriptions: Subscriptions,
  params: Params,
  exchange: Exchange,
): Promise<Result> {
  const uri = textOf(params, 'uri');
  const { backend } = resourceOf(uri, listing);
  const { client } = exchange;
  if (!subscriptions.hasRoom(client, uri)) {
    const { most } = subscriptions;
    throw new RpcError(RPC.invalidRequest, `a client may subscribe to ${most} resources at once`);
  }
  const result = resultOf(await send({ backend }, 'resources/subscribe', params, exchange));
  subscriptions.add(client, backend, uri);
  return result;
}

/** A backend hears of it when nobody else on the same session wants the updates. */
async function unsubscribe(
  subscriptions: Subscriptions,
  params: Params,
  exchange: Exchange,
): Promise<Result> {
  const backend = subscriptions.remove(exchange.client, textOf(params, 'uri'));
  if (!backend) return {};
  return resultOf(await send({ backend }, 'resources/unsubscribe', params, exchange));
}

async function getPrompt(listing: Listing, params: Params, exchange: Exchange): Promise<Result> {
  const name = textOf(params, 'name');
  const route = listing.directory.prompts.get(name);
  if (!route) throw unknown('prompt', name, listing, RPC.invalidParams);
  return resultOf(await send(route, 'prompts/get', { ...params, name: route.original }, exchange));
}

/** For a prompt by its name, or for a resource by its template. */
async function complete(listing: Listing, params: Params, exchange: Exchange): Promise<Result> {
  const ref = recordOf(params['ref']);
  const { prompts, resources, resourceTemplates } = listing.directory;
  if (ref['type'] === 'ref/prompt') {
    const name = textOf(ref, 'name', 'ref.name');
    const route = prompts.get(name);
    if (!route) throw unknown('prompt', name, listing, RPC.invalidParams);
    return suggest(route, { ...params, ref: { ...ref, name: route.original } }, exchange);
  }
  if (ref['type'] === 'ref/resource') {
    const uri = textOf(ref, 'uri', 'ref.uri');
    const route =
      resourceTemplates.get(uri) ??
      resources.get(uri) ??
      resourceTemplates.get(matchTemplate(uri, resourceTemplates.keys()) ?? '');
    if (!route) throw unknown('resource', uri, listing, RPC.invalidParams);
    return suggest(route, params, exchange);
  }
  throw new RpcError(RPC.invalidParams, 'ref.type must be ref/prompt or ref/resource');
}

/** A backend that completes nothing is not asked. */
async function suggest(route: Route, params: Params, exchange: Exchange): Promise<Result> {
  if (route.backend.catalog?.capabilities['completions'] === undefined) {
    return { completion: { values: [], total: 0, hasMore: false } };
  }
  return resultOf(await send(route, 'completion/complete', params, exchange));
}

function send(
  { backend }: Pick<Route, 'backend'>,
  method: string,
  params: Params,
  { signal, onProgress, client, caller }: Exchange,
): Promise<Answer> {
  return backend.call(
    { method, params: withProgressToken(params, undefined) },
    { signal, client, caller, ...(onProgress && { onProgress }) },
  );
}

function resultOf(answer: Answer): Result {
  switch (answer.kind) {
    case 'result':
      return answer.result;
    case 'error':
      throw new RpcError(answer.code, answer.message, answer.data);
    case 'unavailable':
      throw unavailableError(answer.unavailable);
    case 'cancelled':
      // Nobody waits for it: an answer to a cancelled request is not sent.
      throw new RpcError(RPC.invalidRequest, 'the request was cancelled');
  }
}

function unknown(kind: string, name: string, listing: Listing, code: number): RpcError {
  const message = `unknown ${kind} "${name}"`;
  const unheard = listing.unheard();
  if (unheard.length === 0) return new RpcError(code, message);
  return new RpcError(code, `${message}; not reached yet, so not known: ${namesOf(unheard)}`);
}

/** An agent reads it: a few are enough. */
const MAX_NAMED = 5;

function namesOf(backends: readonly GatewayBackend[]): string {
  const named = backends.slice(0, MAX_NAMED).map(({ name }) => `"${name}"`);
  const more = backends.length - named.length;
  return named.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function textOf(params: Params, key: string, shown = key): string {
  const value = params[key];
  if (typeof value !== 'string') throw new RpcError(RPC.invalidParams, `params.${shown} must be a string`);
  return value;
}

function recordOf(value: unknown): Params {
  return typeof value === 'object' && value !== null ? (value as Params) : {};
}
