import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { onTestFinished } from 'vitest';
import type { OidcAuth } from '../../../src/config/config.js';

export const AUDIENCE = 'vmcp';

export interface KeyPair {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function keyPair(kid: string, alg = 'ES256'): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** What a token is made of, beside what makes it a good one. */
export interface Made {
  readonly key?: KeyPair;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Of its header. */
  readonly header?: Readonly<Record<string, unknown>>;
}

/** Seconds since 1970, from now. */
export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** An OpenID Connect issuer on a port of its own, for as long as the test runs. */
export class Issuer {
  /** Paths that were asked for, in order. */
  readonly asked: string[] = [];
  keys: readonly KeyPair[];
  /** What the discovery document says instead. */
  document: Readonly<Record<string, unknown>> = {};
  /** Answers instead, by path. */
  readonly instead = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #port = 0;

  private constructor(readonly key: KeyPair) {
    this.keys = [key];
    const listener: RequestListener = (request, response) => this.#answer(request, response);
    this.#server = createServer(listener).on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<Issuer> {
    const issuer = new Issuer(await keyPair('first'));
    await issuer.up();
    onTestFinished(() => issuer.down());
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/realm`;
  }

  auth(rest: Partial<OidcAuth> = {}): OidcAuth {
    return {
      ...{ type: 'oidc', issuer: this.url, audience: AUDIENCE, scopes: [], insecureAllowHttp: false },
      ...{ resource: undefined, jwksUrl: undefined },
      ...rest,
    };
  }

  /** Listens, the second time on the port it had. */
  async up(): Promise<void> {
    await new Promise<void>((listening) => this.#server.listen(this.#port, '127.0.0.1', listening));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async down(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** A token that is good, but for what is said. */
  token({ key = this.key, claims = {}, header = {} }: Made = {}): Promise<string> {
    const { alg, kid } = key;
    const good = { iss: this.url, aud: AUDIENCE, sub: 'alice', exp: inSeconds(600) };
    const said: [string, unknown][] = Object.entries({ ...good, ...claims });
    return new SignJWT(Object.fromEntries(said.filter(([, value]) => value !== undefined)))
      .setProtectedHeader({ alg, kid, ...header })
      .sign(key.privateKey);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.asked.push(path);
    const other = this.instead.get(path);
    if (other) other(request, response);
    else if (path === '/realm/.well-known/openid-configuration') {
      const document = { issuer: this.url, jwks_uri: `${this.url}/keys`, ...this.document };
      response.end(JSON.stringify(document));
    } else if (path === '/realm/keys') {
      response.end(JSON.stringify({ keys: this.keys.map(({ publicJwk }) => publicJwk) }));
    } else response.writeHead(404).end();
  }
}
