import { flag, integer, list, mapOf, section, text } from './leaf.js';

const names = (description: string) => list(description, text('')).optional();

/** Strategies for credentials that the reference knows, in the order it names them. */
export const STRATEGIES = [
  'unauthenticated',
  'header_injection',
  'token_exchange',
  'upstream_inject',
  'aws_sts',
  'obo',
  'xaa',
] as const;

/** How clients can prove who they are: the reference's ways in its order, then ours. */
export const INCOMING_TYPES = ['oidc', 'local', 'anonymous', 'bearer'] as const;

const Oidc = section(
  'OpenID Connect settings for incoming calls.',
  {
    issuer: text('Issuer of the tokens, exactly as they name it.').optional(),
    clientId: text('Not supported.').optional(),
    clientSecretEnv: text('Environment variable that holds the client secret. Not supported.').optional(),
    audience: text('Audience the tokens must have.').optional(),
    resource: text('Where clients find /mcp, if not where they say they do (RFC 9728).').optional(),
    jwksUrl: text('Where the keys of the issuer are; by default its discovery document says it.').optional(),
    introspectionUrl: text('Not supported: tokens are JWTs.').optional(),
    scopes: names('Scopes that a token must have, all of them.'),
    protectedResourceAllowPrivateIp: flag('').optional(),
    jwksAllowPrivateIp: flag('').optional(),
    insecureAllowHttp: flag(
      'Whether issuer and keys may be had without TLS from another machine.',
    ).optional(),
    caBundlePath: text('Certificates to trust. Not supported.').optional(),
  },
  ['issuer', 'audience'],
);

const Bearer = section(
  'Extension. One token that all clients share.',
  { tokenEnv: text('Environment variable that holds the token.').optional() },
  ['tokenEnv'],
);

const Authz = section(
  'Authorisation of incoming calls.',
  {
    type: text('', { enum: ['cedar', 'none'] }).optional(),
    policies: names('Cedar policies.'),
    entitiesJson: text('').optional(),
    primaryUpstreamProvider: text('').optional(),
    groupClaimName: text('').optional(),
    roleClaimName: text('').optional(),
    groupEntityType: text('').optional(),
  },
  ['type'],
);

export const IncomingAuth = section(
  'How clients prove who they are.',
  {
    type: text('bearer is an extension; local is not supported.', { enum: INCOMING_TYPES }).optional(),
    oidc: Oidc.optional(),
    bearer: Bearer.optional(),
    authz: Authz.optional(),
  },
  ['type'],
);

const TokenExchange = section('OAuth 2.0 token exchange.', {
  tokenUrl: text('').optional(),
  clientId: text('').optional(),
  clientSecret: text('').optional(),
  clientSecretEnv: text('').optional(),
  audience: text('').optional(),
  scopes: names(''),
  subjectTokenType: text('').optional(),
  subjectProviderName: text('').optional(),
});

const AwsSts = section('AWS credentials.', {
  region: text('').optional(),
  service: text('').optional(),
  fallbackRoleArn: text('').optional(),
  roleMappings: list(
    '',
    section('', {
      claim: text('').optional(),
      matcher: text('').optional(),
      priority: integer('').optional(),
      roleArn: text('').optional(),
    }),
  ).optional(),
  roleClaim: text('').optional(),
  sessionDuration: integer('').optional(),
  sessionNameClaim: text('').optional(),
  subjectProviderName: text('').optional(),
});

const Obo = section('On-behalf-of tokens.', {
  tokenUrl: text('').optional(),
  clientId: text('').optional(),
  clientSecret: text('').optional(),
  clientSecretEnv: text('').optional(),
  audience: text('').optional(),
  scopes: names(''),
  cacheSkewSeconds: integer('').optional(),
  subjectTokenProviderName: text('').optional(),
});

const Xaa = section('Cross-application access.', {
  idpTokenUrl: text('').optional(),
  idpClientId: text('').optional(),
  idpClientSecret: text('').optional(),
  idpClientSecretEnv: text('').optional(),
  targetTokenUrl: text('').optional(),
  targetAudience: text('').optional(),
  targetResource: text('').optional(),
  targetClientId: text('').optional(),
  targetClientSecret: text('').optional(),
  targetClientSecretEnv: text('').optional(),
  insecureTargetTokenUrl: flag('').optional(),
  scopes: names(''),
  subjectTokenType: text('').optional(),
  subjectProviderName: text('').optional(),
});

const Strategy = section(
  'Credentials that are sent to a backend.',
  {
    type: text('', { enum: STRATEGIES }).optional(),
    headerInjection: section('A header with a fixed value.', {
      headerName: text('').optional(),
      headerValue: text('The value itself; a secret belongs into headerValueEnv.').optional(),
      headerValueEnv: text('Environment variable that holds the value.').optional(),
    }).optional(),
    tokenExchange: TokenExchange.optional(),
    upstreamInject: section('', { providerName: text('').optional() }).optional(),
    awsSts: AwsSts.optional(),
    obo: Obo.optional(),
    xaa: Xaa.optional(),
  },
  ['type'],
);

export const OutgoingAuth = section(
  'Credentials that are sent to backends.',
  {
    source: text('', { enum: ['inline', 'discovered'] }).optional(),
    default: Strategy.optional(),
    backends: mapOf('By name of the backend.', Strategy.optional()).optional(),
  },
  ['source'],
);
