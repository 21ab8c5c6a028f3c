import type { InspectionEvent } from 'xstate';
import type { Inspector } from '../engine/inspection.js';
import { INSPECT_LIMITS } from './limits.js';
import { Message, Viewer } from './viewer.js';
import type { Socket } from './viewer.js';
import { isTold, messageOf } from './wire.js';

export interface AudienceWorld {
  /** Shows every actor there is, then what happens, until the way back is taken. */
  readonly inspect: (inspector: Inspector) => () => void;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
}

/**
 * Those who watch the actors. The inspector is attached only while there is one of them: it makes every step of a
 * machine several times dearer. A share of the time is theirs, and no more.
 */
export class Audience {
  readonly #viewers = new Map<Socket, Viewer>();
  #leave: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly world: AudienceWorld) {}

  get size(): number {
    return this.#viewers.size;
  }

  /** One more viewer: it is told what is there and how it stands, and then every step. */
  add(socket: Socket): void {
    this.#viewers.set(socket, new Viewer(socket));
    this.#leave ??= this.world.inspect((event) => this.#note(event));
    this.#timer ??= setInterval(() => this.#tick(), INSPECT_LIMITS.frameMs).unref();
    this.#tick();
  }

  remove(socket: Socket): void {
    this.#viewers.delete(socket);
    if (this.#viewers.size > 0) return;
    this.#leave?.();
    this.#leave = undefined;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #note(event: InspectionEvent): void {
    if (!isTold(event)) return;
    const message = this.#message(event);
    for (const viewer of this.#viewers.values()) viewer.note(message);
  }

  #tick(): void {
    const end = performance.now() + INSPECT_LIMITS.sliceMs;
    const hasTime = () => performance.now() < end;
    for (const viewer of this.#viewers.values()) {
      if (viewer.wantsAll) viewer.introduce(this.#standing());
      viewer.send(hasTime);
    }
  }

  /** What an inspector is told that comes now, and leaves at once. */
  #standing(): Message[] {
    const all: Message[] = [];
    this.world.inspect((event) => {
      if (isTold(event)) all.push(this.#message(event));
    })();
    return all;
  }

  #message(event: Parameters<typeof messageOf>[0]): Message {
    return new Message(() => messageOf(event, this.world.redact));
  }
}
