import { describe, expect, it } from 'vitest';
import { failureHandling, load, problem, refusal, sample } from './sample.js';

const auth = (outgoing: string) => ({ outgoingAuth: `outgoingAuth: ${outgoing}` });
const incoming = (text: string) => ({ incomingAuth: `incomingAuth: ${text}` });
const strategy = (text: string) => auth(`{source: inline, backends: {one: ${text}}}`);
const aggregation = (text: string) => ({ aggregation: `aggregation: ${text}` });
const backend = (text: string) => ({
  backends: `backends: [{name: one, url: "http://x/", transport: sse, ${text}}]`,
});
const composite = (text: string) => ({ compositeTools: `compositeTools: [${text}]` });
const PREFIX = 'conflictResolution: prefix, conflictResolutionConfig: {prefixFormat: x}';
const TYPES = 'unauthenticated, header_injection, token_exchange, upstream_inject, aws_sts, obo, xaa';
const OIDC = 'type: oidc, oidc: {issuer: "https://i", audience: a';

/** Changes to the smallest valid file; the key and the message it is refused with. */
const REFUSED: [changes: Record<string, string>, key: string, message: string][] = [
  [{ name: '' }, 'name', 'name is required'],
  [{ name: '', groupRef: '' }, 'name', 'name is required'],
  [{ groupRef: 'groupRef: ""' }, 'groupRef', 'group reference is required'],
  [{ incomingAuth: '' }, 'incomingAuth', 'incomingAuth is required'],
  [
    incoming('{type: none}'),
    'incomingAuth.type',
    'incomingAuth.type must be one of: oidc, local, anonymous, bearer',
  ],
  [incoming('{type: oidc}'), 'incomingAuth.oidc', "incomingAuth.oidc is required when type is 'oidc'"],
  [
    incoming('{type: oidc, oidc: {audience: a}}'),
    'incomingAuth.oidc.issuer',
    'incomingAuth.oidc.issuer is required',
  ],
  [
    incoming('{type: oidc, oidc: {issuer: "https://i"}}'),
    'incomingAuth.oidc.audience',
    'incomingAuth.oidc.audience is required',
  ],
  [
    incoming(`{${OIDC}, caBundlePath: ../x}}`),
    'incomingAuth.oidc.caBundlePath',
    'incomingAuth.oidc.caBundlePath contains invalid path characters',
  ],
  [
    incoming(`{${OIDC}, caBundlePath: x}}`),
    'incomingAuth.oidc.caBundlePath',
    'incomingAuth.oidc.caBundlePath must be an absolute path',
  ],
  [
    incoming('{type: anonymous, authz: {type: opa}}'),
    'incomingAuth.authz.type',
    'incomingAuth.authz: type must be one of: cedar, none',
  ],
  [
    incoming('{type: anonymous, authz: {type: cedar}}'),
    'incomingAuth.authz.policies',
    "incomingAuth.authz: policies are required when type is 'cedar'",
  ],
  [{ outgoingAuth: '' }, 'outgoingAuth', 'outgoingAuth is required'],
  [auth('{}'), 'outgoingAuth.source', 'outgoingAuth.source must be one of: inline, discovered'],
  [
    auth('{source: inline, default: {type: magic}}'),
    'outgoingAuth.default.type',
    `outgoingAuth.default: type must be one of: ${TYPES}`,
  ],
  [strategy('~'), 'outgoingAuth.backends.one', 'outgoingAuth.backends.one: strategy is nil'],
  [
    strategy('{type: token_exchange, tokenExchange: {}}'),
    'outgoingAuth.backends.one.tokenExchange.tokenUrl',
    'outgoingAuth.backends.one: tokenExchange requires tokenUrl field',
  ],
  [
    strategy('{type: header_injection, headerInjection: {headerValue: v}}'),
    'outgoingAuth.backends.one.headerInjection.headerName',
    'outgoingAuth.backends.one: headerInjection requires headerName field',
  ],
  [
    strategy('{type: header_injection, headerInjection: {headerName: mcp-session-id, headerValue: v}}'),
    'outgoingAuth.backends.one.headerInjection.headerName',
    'outgoingAuth.backends.one: "Mcp-Session-Id" belongs to the connection or the protocol and cannot be injected',
  ],
  [
    auth(
      '{source: inline, default: {type: header_injection, headerInjection: {headerName: HOST, headerValue: v}}}',
    ),
    'outgoingAuth.default.headerInjection.headerName',
    'outgoingAuth.default: "Host" belongs to the connection or the protocol and cannot be injected',
  ],
  [
    strategy('{type: upstream_inject}'),
    'outgoingAuth.backends.one.upstreamInject',
    'outgoingAuth.backends.one: upstream_inject requires UpstreamInject configuration',
  ],
  [
    strategy('{type: aws_sts, awsSts: {}}'),
    'outgoingAuth.backends.one.awsSts.region',
    'outgoingAuth.backends.one: aws_sts requires region field',
  ],
  [
    strategy('{type: obo, obo: {tokenUrl: u, clientSecret: a, clientSecretEnv: b}}'),
    'outgoingAuth.backends.one.obo',
    'outgoingAuth.backends.one: obo: clientSecret and clientSecretEnv are mutually exclusive',
  ],
  [
    strategy('{type: xaa, xaa: {idpTokenUrl: u, targetTokenUrl: u}}'),
    'outgoingAuth.backends.one.xaa.targetAudience',
    'outgoingAuth.backends.one: xaa requires targetAudience field',
  ],
  [
    strategy('{type: xaa, xaa: {idpTokenUrl: u, targetTokenUrl: u, targetAudience: a, subjectTokenType: t}}'),
    'outgoingAuth.backends.one.xaa.subjectTokenType',
    'outgoingAuth.backends.one: xaa: unsupported subjectTokenType "t"; only "urn:ietf:params:oauth:token-type:id_token" is accepted',
  ],
  [{ aggregation: '' }, 'aggregation', 'aggregation is required'],
  [
    aggregation('{conflictResolution: first}'),
    'aggregation.conflictResolution',
    'conflictResolution must be one of: prefix, priority, manual',
  ],
  [
    aggregation('{conflictResolution: manual, tools: [{workload: one}]}'),
    'aggregation.conflictResolutionConfig',
    'conflictResolutionConfig is required',
  ],
  [
    aggregation('{conflictResolution: prefix, conflictResolutionConfig: {}}'),
    'aggregation.conflictResolutionConfig.prefixFormat',
    'prefixFormat is required for prefix strategy',
  ],
  [
    aggregation('{conflictResolution: priority, conflictResolutionConfig: {priorityOrder: []}}'),
    'aggregation.conflictResolutionConfig.priorityOrder',
    'priorityOrder is required for priority strategy',
  ],
  [
    aggregation('{conflictResolution: priority, conflictResolutionConfig: {priorityOrder: [""]}}'),
    'aggregation.conflictResolutionConfig.priorityOrder[0]',
    'priorityOrder[0] must not be empty',
  ],
  [
    aggregation('{conflictResolution: manual, conflictResolutionConfig: {}}'),
    'aggregation.tools',
    'tool overrides are required for manual strategy',
  ],
  [
    aggregation(`{${PREFIX}, defaultToolVisibility: hidden}`),
    'aggregation.defaultToolVisibility',
    'defaultToolVisibility must be one of: allow, deny',
  ],
  [
    aggregation(
      '{conflictResolution: priority, conflictResolutionConfig: {priorityOrder: [one]}, defaultToolVisibility: deny}',
    ),
    'aggregation.conflictResolutionConfig.priorityOrder[0]',
    'defaultToolVisibility deny with priority strategy: priorityOrder entry "one" has no tools entry; it could win a name conflict and then be withheld, hiding the tool entirely. Add a tools entry for "one" or remove it from priorityOrder',
  ],
  [aggregation(`{${PREFIX}, tools: [{}]}`), 'aggregation.tools[0].workload', 'tools[0].workload is required'],
  [
    aggregation(`{${PREFIX}, tools: [{workload: one}, {workload: one}]}`),
    'aggregation.tools[1].workload',
    'duplicate workload configuration: one',
  ],
  [
    aggregation(`{${PREFIX}, tools: [{workload: one, overrides: {a: {annotations: {title: t}}}}]}`),
    'aggregation.tools[0].overrides.a',
    'tools[0].overrides.a: at least one of name or description must be specified',
  ],
  [
    aggregation(`{${PREFIX}, unavailable: show}`),
    'aggregation.unavailable',
    'aggregation.unavailable must be one of: hide, keep',
  ],
  [
    { operational: 'operational: {timeouts: {default: -1s}}' },
    'operational.timeouts.default',
    'operational.timeouts.default must be positive',
  ],
  [
    { operational: 'operational: {timeouts: {perWorkload: {one: 0s}}}' },
    'operational.timeouts.perWorkload.one',
    'operational.timeouts.perWorkload.one must be positive',
  ],
  [backend('type: pod'), 'backends[0].type', 'backends[0].type must be empty or "entry", got "pod"'],
  [
    backend('caBundlePath: /x'),
    'backends[0].caBundlePath',
    'backends[0].caBundlePath is only valid when type is "entry"',
  ],
  [
    backend('type: entry, caBundlePath: /a/../b'),
    'backends[0].caBundlePath',
    'backends[0].caBundlePath contains invalid path characters',
  ],
  [
    backend('type: entry, caBundlePath: x'),
    'backends[0].caBundlePath',
    'backends[0].caBundlePath must be an absolute path',
  ],
  [
    composite('{description: d, steps: [{id: a, tool: one.t}]}'),
    'compositeTools[0]',
    'validation failed: compositeTools[0].name is required',
  ],
  [
    composite('{name: n, description: d, parameters: {properties: {}}, steps: [{id: a, tool: one.t}]}'),
    'compositeTools[0].parameters',
    "validation failed: compositeTools[0].parameters: must have 'type' field (should be 'object' for JSON Schema)",
  ],
  [
    composite(
      '{name: n, description: d, steps: [{id: a, tool: t, dependsOn: [b]}, {id: b, tool: t, dependsOn: [a]}]}',
    ),
    'compositeTools[0].steps',
    'validation failed: compositeTools[0].steps: dependency cycle detected involving step "a"',
  ],
  [
    { compositeToolRefs: 'compositeToolRefs: [{name: a}, {name: a}]' },
    'compositeToolRefs[1].name',
    'duplicate composite tool reference: a',
  ],
  [
    { passthroughHeaders: 'passthroughHeaders: [X-Ok, authorization]' },
    'passthroughHeaders[1]',
    'passthroughHeaders[1]: "Authorization" is a restricted header and cannot be forwarded',
  ],
];

describe('the rules of the reference', () => {
  it.each(REFUSED)('%j is refused at %s: %s [R27]', (changes, key, message) => {
    const error = refusal(sample(changes));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.problems).toEqual([expect.objectContaining({ key, message })]);
    expect(error.message).toBe(`invalid configuration:\n  - ${message}`);
  });

  it('sections are checked in order, with one fault each [R27]', () => {
    const text = sample({
      passthroughHeaders: 'passthroughHeaders: [Cookie]',
      aggregation: '',
      name: '',
      groupRef: '',
      operational: 'operational: {failureHandling: {unhealthyThreshold: -1, partialFailureMode: x}}',
      compositeToolRefs: 'compositeToolRefs: [{}]',
      incomingAuth: '',
      outgoingAuth: '',
      ...backend('type: pod'),
    });
    expect(refusal(text).message).toBe(
      [
        'invalid configuration:',
        '  - name is required',
        '  - incomingAuth is required',
        '  - outgoingAuth is required',
        '  - aggregation is required',
        '  - operational.failureHandling: unhealthyThreshold must be positive',
        '  - backends[0].type must be empty or "entry", got "pod"',
        '  - compositeToolRefs[0].name is required',
        '  - passthroughHeaders[0]: "Cookie" is a restricted header and cannot be forwarded',
      ].join('\n'),
    );
  });

  it.each([
    sample(),
    sample({ backends: '' }),
    sample({ backends: 'backends: ~', operational: 'operational:' }),
    sample(
      aggregation('{conflictResolution: manual, conflictResolutionConfig: {}, tools: [{workload: one}]}'),
    ),
    sample(incoming('{type: local}')),
    sample(incoming(`{${OIDC}}, authz: {type: none}}`)),
    sample(strategy('{type: upstream_inject, upstreamInject: {}}')),
    failureHandling('healthCheckInterval: 5s'),
    failureHandling('circuitBreaker: {enabled: false, failureThreshold: -1, timeout: 10ms}'),
  ])('what the reference accepts is accepted (%#) [R27]', (text) => {
    expect(load(text).name).toBe('test-vmcp');
  });
});

describe('failure handling', () => {
  const title = 'operational.failureHandling: ';
  it.each([
    ['healthCheckInterval: -1s', 'healthCheckInterval', 'healthCheckInterval must be positive'],
    ['unhealthyThreshold: -3', 'unhealthyThreshold', 'unhealthyThreshold must be positive'],
    [
      'healthCheckTimeout: -1s',
      'healthCheckTimeout',
      'healthCheckTimeout must be >= 0 (zero means no timeout), got -1s',
    ],
    [
      'healthCheckTimeout: 30s',
      'healthCheckTimeout',
      'healthCheckTimeout (30s) must be less than healthCheckInterval (30s) to prevent checks from queuing up',
    ],
    [
      '{healthCheckInterval: 60s, healthCheckTimeout: 1.5h}',
      'healthCheckTimeout',
      'healthCheckTimeout (1h30m0s) must be less than healthCheckInterval (1m0s) to prevent checks from queuing up',
    ],
    [
      'partialFailureMode: both',
      'partialFailureMode',
      'partialFailureMode must be one of: fail, best_effort',
    ],
    [
      'circuitBreaker: {enabled: true, failureThreshold: -2}',
      'circuitBreaker.failureThreshold',
      'circuitBreaker.failureThreshold must be >= 1, got -2',
    ],
    [
      'circuitBreaker: {enabled: true, timeout: -1s}',
      'circuitBreaker.timeout',
      'circuitBreaker.timeout must be > 0, got -1s',
    ],
    [
      'circuitBreaker: {enabled: true, timeout: 500ms}',
      'circuitBreaker.timeout',
      'circuitBreaker.timeout must be >= 1s to prevent thrashing, got 500ms',
    ],
    ['healthCheckInterval: 1us', 'healthCheckInterval', 'healthCheckInterval must be at least 1ms, got 1µs'],
    ['degradedThreshold: 0s', 'degradedThreshold', 'degradedThreshold must be positive, got 0s'],
    [
      'circuitBreaker: {successThreshold: 0}',
      'circuitBreaker.successThreshold',
      'circuitBreaker.successThreshold must be >= 1, got 0',
    ],
    [
      'circuitBreaker: {maxProbes: 0}',
      'circuitBreaker.maxProbes',
      'circuitBreaker.maxProbes must be >= 1, got 0',
    ],
    [
      'circuitBreaker: {probeLimit: -1s}',
      'circuitBreaker.probeLimit',
      'circuitBreaker.probeLimit must be positive, got -1s',
    ],
  ])('%s is refused with its place: %s, %s [R27]', (text, key, message) => {
    const lines = text.startsWith('{') ? text.slice(1, -1).split(', ') : [text];
    const error = refusal(failureHandling(...lines));
    expect(error.message).toBe(`invalid configuration:\n  - ${title}${message}`);
    const [fault] = error.problems;
    expect(fault).toMatchObject({ key: `operational.failureHandling.${key}`, line: 8 + lines.length });
    expect(error.lines()[0]).toBe(
      `/srv/vmcp.yaml:${8 + lines.length}: operational.failureHandling.${key}: ${message}`,
    );
  });

  it.each([
    ['healthCheckInterval: 30', 'invalid duration: time: missing unit in duration "30"'],
    ['healthCheckInterval: 1d', 'invalid duration: time: unknown unit "d" in duration "1d"'],
    ['healthCheckTimeout: ""', 'invalid duration: time: invalid duration ""'],
    ['unhealthyThreshold: "5"', 'expected a whole number, got the quoted text "5"'],
    ['unhealthyThreshold: 1.5', 'expected a whole number, got "1.5"'],
    ['unhealthyThreshold: .nan', 'expected a whole number, got ".nan"'],
    ['unhealthyThreshold: .inf', 'expected a whole number, got ".inf"'],
    ['unhealthyThreshold: 1e308', 'expected a whole number, got "1e308"'],
    [
      'unhealthyThreshold: 9007199254740993',
      'expected a whole number up to 9007199254740991, got "9007199254740993"',
    ],
    ['healthCheckInterval: [30s]', 'expected a duration such as 30s, got a list'],
    ['unhealthyThreshold: [3]', 'expected a whole number, got a list'],
    ['circuitBreaker: {enabled: "true"}', 'expected true or false, got the quoted text "true"'],
    ['circuitBreaker: on', 'expected a mapping, got a single value'],
  ])('%s does not fit: %s [R27]', (line, message) => {
    const error = refusal(failureHandling(line));
    expect(error.code).toBe('CONFIG_PARSE');
    expect(error.problems).toEqual([expect.objectContaining({ line: 9, message })]);
  });
});

describe('unknown keys', () => {
  it('all are told at once, each with its place and its nearest neighbour [R27]', () => {
    const text = failureHandling('healthCheckIntervall: 5s', 'circuit_breaker: {}', 'xyzzy: 1').replace(
      'incomingAuth:',
      'incoming_auth:',
    );
    expect(refusal(text).lines()).toEqual([
      '/srv/vmcp.yaml:3: incoming_auth: unknown key "incoming_auth" (did you mean "incomingAuth"?)',
      '/srv/vmcp.yaml:9: operational.failureHandling.healthCheckIntervall: unknown key "healthCheckIntervall" (did you mean "healthCheckInterval"?)',
      '/srv/vmcp.yaml:10: operational.failureHandling.circuit_breaker: unknown key "circuit_breaker" (did you mean "circuitBreaker"?)',
      '/srv/vmcp.yaml:11: operational.failureHandling.xyzzy: unknown key "xyzzy"',
    ]);
  });

  it('they are found in lists, in maps and with null values [R27]', () => {
    const inList = sample(backend('transprt: x'));
    expect(problem(inList)).toMatchObject({ key: 'backends[0].transprt', suggestion: 'transport' });
    const inMap = sample(strategy('{type: unauthenticated, headerInjektion: ~}'));
    expect(problem(inMap)).toMatchObject({
      key: 'outgoingAuth.backends.one.headerInjektion',
      suggestion: 'headerInjection',
    });
  });

  it('keys that cannot stand there say where they belong [R28]', () => {
    expect(problem(sample({ mcpServers: 'mcpServers: {}' })).message).toMatch(/is not read yet$/);
    const text = sample(backend('failureHandling: {partialFailureMode: fail}'));
    expect(problem(text).message).toMatch(/set it in operational\.failureHandling$/);
  });
});
