import type { z } from 'zod';
import { IncomingAuth, OutgoingAuth } from './auth-shape.js';
import { SESSION_MODES } from './config.js';
import { flag, list, mapOf, section, text } from './leaf.js';
import { FailureOverride, Operational, Server } from './operational-shape.js';
import {
  Annotations,
  Audit,
  CodeMode,
  CompositeTool,
  Optimizer,
  RateLimiting,
  SessionStorage,
  Telemetry,
} from './other-shape.js';

const names = (description: string) => list(description, text(''));

const Backend = section(
  'One MCP server behind the gateway.',
  {
    name: text('Its name, in prefixes, status and logs.').optional(),
    url: text('Where it answers, for streamable-http and sse.', { pattern: '^https?://' }).optional(),
    transport: text('How it is spoken to; stdio is an extension.', {
      enum: ['streamable-http', 'sse', 'stdio'],
    }).optional(),
    type: text('', { enum: ['', 'entry'] }).optional(),
    caBundlePath: text('Certificates to trust. Not supported.').optional(),
    metadata: mapOf('Labels.', text('').optional()).optional(),
    command: text('Extension, for stdio. The program to start; no shell is involved.').optional(),
    args: names('Extension, for stdio. Its arguments.').optional(),
    env: mapOf(
      'Extension, for stdio. Its environment; ${VAR} stands for a variable of our own environment.',
      text('').optional(),
    ).optional(),
    cwd: text('Extension, for stdio. Where it starts, relative to this file.').optional(),
    sessions: text(
      'Extension. Which clients have a session of their own, and so a process of their own over stdio: ' +
        'auto: those that declare sampling, elicitation or roots, which it may then ask of them.',
      { default: 'auto', enum: SESSION_MODES },
    ).optional(),
    failureHandling: FailureOverride.optional(),
  },
  ['name', 'transport'],
);

const Aggregation = section(
  'How the tools of all backends become one list.',
  {
    conflictResolution: text('What happens to equal names.', {
      enum: ['prefix', 'priority', 'manual'],
    }).optional(),
    conflictResolutionConfig: section('', {
      prefixFormat: text('For prefix: {workload} stands for the name of the backend.').optional(),
      priorityOrder: names('For priority: backends, the first wins.').optional(),
    }).optional(),
    tools: list(
      'Which tools of a backend are listed, and as what.',
      section(
        '',
        {
          workload: text('Name of the backend.').optional(),
          filter: names('Only these, by the name they have after overrides.').optional(),
          overrides: mapOf(
            'By original name.',
            section('', {
              name: text('').optional(),
              description: text('').optional(),
              annotations: Annotations.optional(),
            }).optional(),
          ).optional(),
          excludeAll: flag('Lists none of its tools.').optional(),
          toolConfigRef: section('', { name: text('').optional() }).optional(),
        },
        ['workload'],
      ),
    ).optional(),
    excludeAllTools: flag('Lists no tool of any backend.').optional(),
    defaultToolVisibility: text('For backends without an entry in tools.', {
      enum: ['allow', 'deny'],
    }).optional(),
    unavailable: text('Extension. What happens to the tools of an unavailable backend.', {
      default: 'hide',
      enum: ['hide', 'keep'],
    }).optional(),
  },
  ['conflictResolution', 'conflictResolutionConfig'],
);

/** A whole configuration file, the reference's keys and ours, before any rule has looked at it. */
export const ConfigFile = section(
  'Configuration of a virtual MCP server.',
  {
    name: text('Name of the virtual server.').optional(),
    groupRef: text('Group of the backends; a label here.').optional(),
    backends: list('The MCP servers behind the gateway.', Backend).optional(),
    incomingAuth: IncomingAuth.optional(),
    outgoingAuth: OutgoingAuth.optional(),
    aggregation: Aggregation.optional(),
    operational: Operational.optional(),
    compositeTools: list('', CompositeTool).optional(),
    compositeToolRefs: list('', section('', { name: text('').optional() })).optional(),
    metadata: mapOf('Labels.', text('').optional()).optional(),
    telemetry: Telemetry.optional(),
    audit: Audit.optional(),
    optimizer: Optimizer.optional(),
    codeMode: CodeMode.optional(),
    sessionStorage: SessionStorage.optional(),
    rateLimiting: RateLimiting.optional(),
    passthroughHeaders: names('Headers of a client passed on. Not supported.').optional(),
    server: Server.optional(),
  },
  ['name', 'groupRef', 'incomingAuth', 'outgoingAuth', 'aggregation'],
);
export type ConfigFile = z.infer<typeof ConfigFile>;
export type BackendSection = NonNullable<ConfigFile['backends']>[number];
export type AggregationSection = NonNullable<ConfigFile['aggregation']>;
export type StrategySection = NonNullable<NonNullable<ConfigFile['outgoingAuth']>['default']>;
