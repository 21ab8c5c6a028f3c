import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/**
 * Stands on the way to an HTTP backend and keeps count of what passes, as a witness that is not the gateway. Down,
 * its port is closed, as that of a dead server is.
 */
export class Tap {
  /** When each connection since the last `forget` began, in milliseconds since 1970. */
  connectedAt: number[] = [];
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  #passed = '';

  constructor(
    readonly port: number,
    private readonly target: number,
  ) {}

  async up(): Promise<void> {
    const server = createServer((socket) => this.#carry(socket)).listen(this.port, '127.0.0.1');
    this.#server = server;
    await once(server, 'listening');
  }

  async down(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  forget(): void {
    this.connectedAt = [];
  }

  /** How often a text was sent to the backend since the start. */
  sent(text: string): number {
    return this.#passed.split(text).length - 1;
  }

  #carry(client: Socket): void {
    this.connectedAt.push(Date.now());
    const backend = connect(this.target, '127.0.0.1');
    for (const [one, other] of [
      [client, backend],
      [backend, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => (this.#passed += chunk.toString('latin1')));
    client.pipe(backend);
    backend.pipe(client);
  }
}
