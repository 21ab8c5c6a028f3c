import type { EffectiveValue } from './effective.js';
import type { BackendConfig } from './engine-config.js';
import type { Limits } from '../limits.js';
import type { EffectiveLimit } from './limits.js';
import type { Notice } from './problems.js';

/**
 * A configuration that has passed every rule: defaults filled in, secrets resolved, durations in milliseconds.
 * Frozen through and through.
 */
export interface VmcpConfig {
  /** The file it was read from, as it was named. */
  readonly file: string;
  /** `manifest` is a `VirtualMCPServer`. */
  readonly format: 'vmcp' | 'manifest';
  readonly name: string;
  readonly groupRef: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the file, names unique. */
  readonly backends: readonly BackendEntry[];
  readonly aggregation: Aggregation;
  readonly partialFailureMode: PartialFailureMode;
  readonly timeouts: Timeouts;
  readonly statusReportingIntervalMs: number;
  readonly incomingAuth: IncomingAuth;
  readonly outgoingAuth: {
    readonly source: 'inline' | 'discovered';
    /** Strategy for backends without their own; undefined where there is none. */
    readonly defaultType: string | undefined;
    /** Names of the backends with a strategy of their own. */
    readonly backends: readonly string[];
  };
  /** Defined, not run. */
  readonly compositeToolCount: number;
  readonly logLevel: 'info' | 'debug';
  /** Whether metrics can be scraped. */
  readonly servesMetrics: boolean;
  readonly server: { readonly allowedHosts: readonly string[]; readonly allowedOrigins: readonly string[] };
  /** Failure handling of a backend that says nothing of its own, with the origin of every value. */
  readonly effective: readonly EffectiveValue[];
  /** What clients and backends may cost. */
  readonly limits: Limits;
  /** The same as text, with the origin of every value. */
  readonly effectiveLimits: readonly EffectiveLimit[];
  /** Sorted by line. */
  readonly notices: readonly Notice[];
}

/** How clients prove who they are. A server must not start with `local`, which is not supported. */
export type IncomingAuth =
  { readonly type: 'anonymous' } | { readonly type: 'local' } | BearerAuth | OidcAuth;

/** One token that all clients share. */
export interface BearerAuth {
  readonly type: 'bearer';
  readonly tokenEnv: string;
  /** A secret; not enumerable. */
  readonly token: string;
}

/** Tokens of an OpenID Connect issuer. */
export interface OidcAuth {
  readonly type: 'oidc';
  /** Exactly as tokens name it. */
  readonly issuer: string;
  readonly audience: string;
  /** Where clients find MCP; undefined: where they say they do. */
  readonly resource: string | undefined;
  /** Where the keys are; undefined: where the issuer says. */
  readonly jwksUrl: string | undefined;
  /** A token must have all of them. */
  readonly scopes: readonly string[];
  /** Whether issuer and keys may be had without TLS from another machine. */
  readonly insecureAllowHttp: boolean;
}

export type PartialFailureMode = 'fail' | 'best_effort';

export interface Timeouts {
  readonly defaultMs: number;
  /** Has no prototype: any name is only ever a key. */
  readonly perWorkload: Readonly<Record<string, number>>;
}

/** One configured backend. */
export interface BackendEntry {
  readonly name: string;
  readonly connection: Connection;
  /** Outgoing strategy that is in use, e.g. `header_injection`; `unauthenticated` where nothing is sent. */
  readonly authType: string;
  /** Whether credentials are sent: it decides what a 401 or 403 says about the backend. */
  readonly hasAuth: boolean;
  /** Equal as long as address, command and credentials are. A digest that covers secrets: not to be shown. */
  readonly identity: string;
  /** For the engine. */
  readonly policy: BackendConfig;
  /** Longest time for a call. */
  readonly timeoutMs: number;
  readonly sessions: SessionMode;
  /** Undefined: no call is made again. */
  readonly retry: RetryPolicy | undefined;
  /** Failure handling as it holds, with the origin of every value. */
  readonly effective: readonly EffectiveValue[];
}

/** When a call that failed is made again by the gateway. */
export interface RetryPolicy {
  /** How often one call may be made again; an integer ≥ 1. */
  readonly maxRetries: number;
  /** Share of all calls that may be made again, in (0, 1]: with 0.1 ten calls pay for one. */
  readonly budget: number;
}

/** Which clients have a session of their own with a backend: those that it can ask something, none, or all. */
export type SessionMode = (typeof SESSION_MODES)[number];
export const SESSION_MODES = ['auto', 'shared', 'per-client'] as const;

/** How a backend is reached. Printed or turned into JSON it shows the names of headers and variables only. */
export type Connection = (StdioConnection | HttpConnection) & {
  /** What must not be written anywhere, whole and in parts. Not enumerable. */
  readonly secrets: readonly string[];
};

export interface StdioConnection {
  readonly transport: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  /** What the configuration names, resolved; values may be secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd: string;
}

export interface HttpConnection {
  readonly transport: 'streamable-http' | 'sse';
  /** `http` or `https`, without credentials. */
  readonly url: string;
  /** Sent with every request; values may be secrets. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Aggregation {
  readonly strategy: 'prefix' | 'priority' | 'manual';
  /** With `{workload}` for the name of the backend. */
  readonly prefixFormat: string;
  readonly priorityOrder: readonly string[];
  readonly tools: readonly WorkloadTools[];
  readonly excludeAllTools: boolean;
  readonly defaultToolVisibility: 'allow' | 'deny';
  /** Whether the tools of an unavailable backend leave the list. */
  readonly unavailable: 'hide' | 'keep';
}

/** What is listed of one backend. */
export interface WorkloadTools {
  readonly workload: string;
  /** Names after overrides; undefined lists all. */
  readonly filter: readonly string[] | undefined;
  /** By original name. Has no prototype: any name is only ever a key. */
  readonly overrides: Readonly<Record<string, ToolOverride>>;
  readonly excludeAll: boolean;
}

/** What stands in place of the tool's own; undefined leaves it. */
export interface ToolOverride {
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly annotations: ToolAnnotations | undefined;
}

export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}
