import { LATEST_PROTOCOL_VERSION, SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/sdk/types.js';
import type { Catalog } from './catalog.js';
import { isRecord } from './message.js';
import type { Fault } from './outcome.js';
import { FaultError, fault } from './outcome.js';

/** What the handshake agreed on. */
export type Agreement = Pick<Catalog, 'capabilities' | 'serverInfo' | 'instructions' | 'revision'>;

/** Who a backend is told that it speaks to. */
export interface Introduction {
  readonly info: Readonly<Record<string, unknown>>;
  readonly capabilities: Readonly<Record<string, unknown>>;
}

/**
 * Ourselves, for a session that many clients share: it declares no capabilities, since what a server asks there could
 * reach the wrong client.
 */
export function ourselves(version: string): Introduction {
  return { info: { name: 'breakwater', version }, capabilities: {} };
}

export function initializeParams({ info, capabilities }: Introduction): Readonly<Record<string, unknown>> {
  return { protocolVersion: LATEST_PROTOCOL_VERSION, capabilities, clientInfo: info };
}

/** Reads the result of `initialize`. @throws FaultError when it agrees on nothing that we speak */
export function agreementOf(result: Readonly<Record<string, unknown>>): Agreement {
  const { protocolVersion, capabilities, serverInfo, instructions } = result;
  if (typeof protocolVersion !== 'string') {
    throw new FaultError(fault('malformed', 'its answer to initialize names no protocol revision'));
  }
  if (!SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion)) {
    throw new FaultError(fault('unknown-revision', 'it speaks a protocol revision that is not supported'));
  }
  const info = isRecord(serverInfo) ? serverInfo : {};
  return {
    revision: protocolVersion,
    capabilities: isRecord(capabilities) ? capabilities : {},
    serverInfo: {
      name: typeof info['name'] === 'string' ? info['name'] : '',
      version: typeof info['version'] === 'string' ? info['version'] : '',
    },
    ...(typeof instructions === 'string' ? { instructions } : {}),
  };
}

/** A refusal that would be the caller's fault on a live session is the backend's here: it cannot be used. */
export function asHandshakeFault(found: Fault, signal: AbortSignal): Fault {
  if (signal.aborted && signal.reason instanceof FaultError) return signal.reason.fault;
  if (found.mechanism !== 'http-client-error' && found.mechanism !== 'session-refused') return found;
  return { ...found, mechanism: 'handshake-refused', reason: `${found.reason} to the handshake` };
}
