import { configure } from 'safe-stable-stringify';
import type { AnyActor, InspectionEvent } from 'xstate';
import { INSPECT_LIMITS } from './limits.js';

/** The release of `@statelyai/inspect` whose messages these are. */
const WIRE_VERSION = '0.7.2';

type Told = Extract<InspectionEvent, { type: '@xstate.actor' | '@xstate.event' | '@xstate.snapshot' }>;

/** Whether the wire format has a message for it. */
export function isTold(event: InspectionEvent): event is Told {
  return ['@xstate.actor', '@xstate.event', '@xstate.snapshot'].includes(event.type);
}

const stringify = configure({
  maximumDepth: INSPECT_LIMITS.maxDepth,
  maximumBreadth: INSPECT_LIMITS.maxBreadth,
  deterministic: false,
});

/** By the configuration of their machine, which all its actors share. */
const definitions = new WeakMap<object, string | undefined>();

/**
 * One message in the wire format of `@statelyai/inspect`, as its own inspectors send it.
 *
 * @param redact takes secrets out of a text: errors may quote them
 */
export function messageOf(event: Told, redact: (text: string) => string): string {
  const { type, rootId } = event;
  const actor = event.actorRef as AnyActor;
  const common = {
    type,
    sessionId: actor.sessionId,
    rootId,
    id: null,
    createdAt: String(Date.now()),
    _version: WIRE_VERSION,
  };
  const message =
    event.type === '@xstate.actor'
      ? { ...common, ...introduction(actor) }
      : event.type === '@xstate.event'
        ? { ...common, event: event.event, sourceId: event.sourceRef?.sessionId }
        : { ...common, event: event.event, snapshot: event.snapshot };
  const safe = (key: string, value: unknown): unknown => {
    // Made of our own machines, and longer than what redaction lets through.
    if (key === 'definition') return value;
    // A digest of addresses and credentials.
    if (key === 'identity') return undefined;
    if (typeof value === 'string') return redact(value);
    if (value instanceof Error) return { name: value.name, message: redact(value.message) };
    return named(key, value);
  };
  return stringify(message, safe) ?? '';
}

function introduction(actor: AnyActor): object {
  const { id, sessionId, _parent } = actor;
  const { config } = actor.logic as { readonly config?: object & { readonly id?: string } };
  const name = id === sessionId && config?.id !== undefined ? config.id : id;
  return {
    name,
    parentId: _parent?.sessionId,
    // What has no states is shown by its name alone.
    definition: typeof config === 'object' ? definitionOf(config) : stringify({ id: name }),
    snapshot: actor.getSnapshot() as unknown,
  };
}

function definitionOf(config: object): string | undefined {
  if (!definitions.has(config)) definitions.set(config, stringify(config, named));
  return definitions.get(config);
}

/** Functions go by their names. */
function named(_: string, value: unknown): unknown {
  return typeof value === 'function' ? { type: value.name } : value;
}
