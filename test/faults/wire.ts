import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What becomes of a piece on its way: `pass` hands it on, now or later. */
type Carrier = (piece: Buffer, pass: (piece: Buffer) => void) => void;

const straight: Carrier = (piece, pass) => pass(piece);

/** A way to a server that can be made bad in either direction while it is used. It ends with the test. */
export class Wire {
  /** What the client says, on its way to the server. */
  there: Carrier = straight;
  /** What the server answers, on its way back. */
  back: Carrier = straight;
  /** Connections that are open on the client's side. */
  readonly open = new Set<Socket>();

  private constructor(
    readonly server: Server,
    readonly target: number,
  ) {}

  /** @param address of the server behind it, as `http://127.0.0.1:1/mcp` */
  static async to(address: string): Promise<Wire> {
    const wire = new Wire(createServer(), Number(new URL(address).port));
    wire.server.on('connection', (socket) => wire.#carry(socket));
    wire.server.listen(0, '127.0.0.1');
    await once(wire.server, 'listening');
    onTestFinished(() => {
      for (const socket of wire.open) socket.destroy();
      wire.server.close();
    });
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/mcp`;
  }

  /** All is well again, for what is sent from now on. */
  heal(): void {
    this.there = straight;
    this.back = straight;
  }

  #carry(client: Socket): void {
    const server = connect(this.target, '127.0.0.1');
    this.open.add(client);
    client.on('error', () => undefined).once('close', () => server.destroy());
    server.on('error', () => undefined).once('close', () => client.destroy());
    client.once('close', () => this.open.delete(client));
    client.on('data', (piece: Buffer) => this.there(piece, (it) => void server.write(it)));
    server.on('data', (piece: Buffer) =>
      this.back(piece, (it) => {
        if (!client.destroyed) client.write(it);
      }),
    );
  }
}

/** Nothing gets through. */
export const nothing: Carrier = () => undefined;

/** Everything gets through twice. */
export const twice: Carrier = (piece, pass) => pass(Buffer.concat([piece, piece]));

/** One piece after the other, each so much later than the one before as `delayMs` says of it. */
export function late(delayMs: (piece: number) => number): Carrier {
  let pieces = 0;
  let last = Promise.resolve();
  return (piece, pass) => {
    const ms = delayMs(pieces);
    pieces += 1;
    last = last.then(() => new Promise((resolve) => setTimeout(resolve, ms))).then(() => pass(piece));
  };
}

/** So many bytes, and so long until the next. */
export function drip(bytes: number, everyMs: number): Carrier {
  let last = Promise.resolve();
  return (piece, pass) => {
    for (let from = 0; from < piece.length; from += bytes) {
      last = last
        .then(() => new Promise((resolve) => setTimeout(resolve, everyMs)))
        .then(() => pass(piece.subarray(from, from + bytes)));
    }
  };
}
