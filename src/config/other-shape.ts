import { anything, duration, flag, integer, list, mapOf, section, text } from './leaf.js';

/** Blocks that the reference has and we understand, so that they can be named as not supported. */

const names = () => list('', text('')).optional();
const action = () => section('', { action: text('').optional() }).optional();

export const Annotations = section('Hints about a tool.', {
  title: text('').optional(),
  readOnlyHint: flag('').optional(),
  destructiveHint: flag('').optional(),
  idempotentHint: flag('').optional(),
  openWorldHint: flag('').optional(),
});

const Step = section(
  'One step of a composite tool.',
  {
    id: text('').optional(),
    type: text('', { enum: ['tool', 'elicitation', 'forEach'] }).optional(),
    tool: text('').optional(),
    arguments: anything('').optional(),
    condition: text('').optional(),
    dependsOn: names(),
    onError: section('', {
      action: text('', { enum: ['abort', 'continue', 'retry'] }).optional(),
      retryCount: integer('').optional(),
      retryDelay: duration('').optional(),
    }).optional(),
    message: text('').optional(),
    schema: anything('').optional(),
    timeout: duration('').optional(),
    onDecline: action(),
    onCancel: action(),
    defaultResults: anything('').optional(),
    collection: text('').optional(),
    itemVar: text('').optional(),
    maxParallel: integer('').optional(),
    maxIterations: integer('').optional(),
    step: anything('').optional(),
  },
  ['id'],
);

export const CompositeTool = section(
  'A tool made of other tools. Not supported.',
  {
    name: text('').optional(),
    description: text('').optional(),
    parameters: anything('').optional(),
    timeout: duration('').optional(),
    steps: list('', Step).optional(),
    output: section('', {
      properties: anything('').optional(),
      required: names(),
    }).optional(),
    annotations: Annotations.optional(),
  },
  ['name', 'description', 'steps'],
);

export const Telemetry = section('Traces and metrics. Only the path is supported: nothing is pushed.', {
  endpoint: text('').optional(),
  serviceName: text('').optional(),
  serviceVersion: text('').optional(),
  tracingEnabled: flag('').optional(),
  metricsEnabled: flag('').optional(),
  samplingRate: text('').optional(),
  headers: mapOf('', text('')).optional(),
  insecure: flag('').optional(),
  enablePrometheusMetricsPath: flag('Whether metrics can be scraped; left out they can.').optional(),
  prometheusPort: integer('').optional(),
  metricsOnTransportPort: flag('').optional(),
  environmentVariables: names(),
  customAttributes: mapOf('', text('')).optional(),
  useLegacyAttributes: flag('').optional(),
  caCertPath: text('').optional(),
});

export const Audit = section('Audit log. Not supported.', {
  enabled: flag('').optional(),
  component: text('').optional(),
  eventTypes: names(),
  excludeEventTypes: names(),
  includeRequestData: flag('').optional(),
  includeResponseData: flag('').optional(),
  detectApplicationErrors: flag('').optional(),
  maxDataSize: integer('').optional(),
  maxDelegationDepth: integer('').optional(),
  logFile: text('').optional(),
});

export const Optimizer = section('Two tools in place of all. Not supported.', {
  embeddingService: text('').optional(),
  embeddingServiceTimeout: duration('').optional(),
  embeddingProvider: text('').optional(),
  embeddingModel: text('').optional(),
  embeddingHeaders: mapOf('', text('')).optional(),
  maxToolsToReturn: integer('').optional(),
  hybridSearchSemanticRatio: text('').optional(),
  semanticDistanceThreshold: text('').optional(),
});

export const CodeMode = section('Tool calls from scripts. Not supported.', {
  enabled: flag('').optional(),
  stepLimit: integer('').optional(),
  parallelMaxConcurrency: integer('').optional(),
  toolCallTimeout: duration('').optional(),
});

export const SessionStorage = section('Where sessions are kept; only memory is supported.', {
  provider: text('', { enum: ['memory', 'redis'] }).optional(),
  address: text('').optional(),
  db: integer('').optional(),
  keyPrefix: text('').optional(),
});

const Limit = section('', {
  maxTokens: integer('').optional(),
  refillPeriod: duration('').optional(),
}).optional();

export const RateLimiting = section('Limits on calls. Not supported.', {
  shared: Limit,
  perUser: Limit,
  tools: list('', section('', { name: text('').optional(), shared: Limit, perUser: Limit })).optional(),
});
