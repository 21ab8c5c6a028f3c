import { VirtualClock } from '../../src/engine/virtual-clock.js';

/** A virtual clock that knows turns of the event loop: they end when they are told to. */
export class TurningClock extends VirtualClock {
  asked = 0;
  #waiting: (() => void)[] = [];

  afterTurn(callback: () => void): void {
    this.asked += 1;
    this.#waiting.push(callback);
  }

  endTurn(): void {
    for (const callback of this.#waiting.splice(0)) callback();
  }
}
