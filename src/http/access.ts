import { isIP } from 'node:net';

/** Why a request is turned away before anything looks at it. */
export interface Denial {
  readonly code: 'HOST_NOT_ALLOWED' | 'ORIGIN_NOT_ALLOWED';
  readonly message: string;
}

/** The parts of a request that access is judged by. Every value of a repeated header counts. */
export interface Claims {
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
}

export interface AccessRules {
  /** What the server listens on; allowed as a name beside the loopback ones. */
  readonly boundHost: string;
  readonly port: number;
  /** Further names, `name` (any port) or `name:port`. */
  readonly allowedHosts: readonly string[];
  /** Further origins, e.g. `https://tools.example.com`. */
  readonly allowedOrigins: readonly string[];
}

/** A host as a client names it; `port` absent where none was given. IPv6 addresses have their brackets. */
interface Authority {
  readonly host: string;
  readonly port?: number;
}

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'] as const;
const HTTP_PORT = 80;
const AUTHORITY = /^(?<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?<port>[0-9]{1,5}))?$/i;

/** Whether only this machine can reach it. A name that is not known to be loopback may be anything. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** @returns undefined for what is not a host name or address with an optional port up to 65535. */
export function parseAuthority(text: string): Authority | undefined {
  const { host, port } = AUTHORITY.exec(text)?.groups ?? {};
  if (host === undefined) return undefined;
  if (port === undefined) return { host: host.toLowerCase() };
  return Number(port) <= 65_535 ? { host: host.toLowerCase(), port: Number(port) } : undefined;
}

/** An address as it stands in a URL: IPv6 in brackets. */
export function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** @returns the origin in its serialised form, or undefined for what is not an http(s) origin. */
export function parseOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  return origin === text.toLowerCase().replace(/\/$/, '') ? origin : undefined;
}

/**
 * Whether a request may come in, so that a web page cannot reach the gateway through a name that it made
 * resolve to this machine (DNS rebinding), nor send to it from a foreign site.
 *
 * Host: exactly one; a loopback name or the bound address with the port listened on, or an allowed name.
 * A trailing dot is another name. Origin: absent, loopback (any port), of an allowed host, or allowed.
 *
 * Source: MCP specification, Transports, Security Warning.
 */
export function judgeAccess({ hosts, origins }: Claims, rules: AccessRules): Denial | undefined {
  const allowed = allowedAuthorities(rules);
  const [host] = hosts;
  const authority = hosts.length === 1 && host !== undefined ? parseAuthority(host) : undefined;
  if (authority === undefined || !isAllowed(authority, allowed)) {
    return {
      code: 'HOST_NOT_ALLOWED',
      message: `the Host header must be one of ${allowed.map(written).join(', ')}; allow another name with --allowed-host`,
    };
  }
  if (origins.every((origin) => isAllowedOrigin(origin, allowed, rules.allowedOrigins))) return undefined;
  return {
    code: 'ORIGIN_NOT_ALLOWED',
    message: 'requests from this web origin are not allowed; allow it with --allowed-origin',
  };
}

function allowedAuthorities({ boundHost, port, allowedHosts }: AccessRules): readonly Authority[] {
  const own = [...new Set([...LOOPBACK_HOSTS, urlHost(boundHost).toLowerCase()])];
  const further = allowedHosts.map(parseAuthority).filter((authority) => authority !== undefined);
  return [...own.map((host) => ({ host, port })), ...further];
}

function isAllowed(claimed: Authority, allowed: readonly Authority[]): boolean {
  return allowed.some(
    ({ host, port }) => host === claimed.host && (port === undefined || port === (claimed.port ?? HTTP_PORT)),
  );
}

function isAllowedOrigin(
  text: string,
  allowedHosts: readonly Authority[],
  allowedOrigins: readonly string[],
): boolean {
  const origin = parseOrigin(text);
  if (origin === undefined) return false;
  if (allowedOrigins.some((entry) => parseOrigin(entry) === origin)) return true;
  const { hostname, host, protocol } = new URL(origin);
  if (LOOPBACK_HOSTS.some((loopback) => loopback === hostname)) return true;
  const authority = parseAuthority(host);
  const port = protocol === 'https:' ? 443 : HTTP_PORT;
  return authority !== undefined && isAllowed({ port, ...authority }, allowedHosts);
}

function written({ host, port }: Authority): string {
  return port === undefined ? host : `${host}:${port}`;
}
