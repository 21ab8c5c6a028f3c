import type { OidcAuth } from '../../config/config.js';
import { isSecureUrl } from '../../config/secure-url.js';

export type KeySource = Pick<OidcAuth, 'issuer' | 'jwksUrl' | 'insecureAllowHttp'>;

interface FetchLimits {
  /** For all of it together. */
  readonly fetchMs: number;
  /** Of one document, decoded. */
  readonly maxBytes: number;
}

/**
 * Asks an issuer for its keys, and before that where they are unless that is configured. Redirects are not
 * followed: what answers elsewhere need not be the issuer.
 *
 * Source: OpenID Connect Discovery 1.0, section 4.
 *
 * @returns what the issuer says; it may be anything.
 * @throws what went wrong, timeouts included
 */
export async function fetchKeys(source: KeySource, { fetchMs, maxBytes }: FetchLimits): Promise<unknown> {
  const signal = AbortSignal.timeout(fetchMs);
  const url = source.jwksUrl ?? (await discover(source, signal, maxBytes));
  return fetchJson(url, signal, maxBytes);
}

async function discover(
  { issuer, insecureAllowHttp }: KeySource,
  signal: AbortSignal,
  maxBytes: number,
): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const found: unknown = await fetchJson(url, signal, maxBytes);
  const { issuer: named, jwks_uri: keys } = Object(found) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw new Error(`${url} is the document of another issuer`);
  if (typeof keys !== 'string' || !mayName(issuer, keys, insecureAllowHttp)) {
    throw new Error(`${url} names no jwks_uri that can be trusted`);
  }
  return keys;
}

/** An issuer that is spoken to by TLS does not send us to where there is none, not even on this machine. */
function mayName(issuer: string, keys: string, allowHttp: boolean): boolean {
  if (!isSecureUrl(keys, allowHttp)) return false;
  return new URL(keys).protocol === 'https:' || new URL(issuer).protocol === 'http:';
}

async function fetchJson(url: string, signal: AbortSignal, maxBytes: number): Promise<unknown> {
  const response = await fetch(url, { signal, redirect: 'manual', headers: { Accept: 'application/json' } });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`${url} answers with status ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (size > maxBytes) throw new Error(`${url} answers with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new Error(`${url} does not answer with JSON`);
  }
}
