/** What can be silent: how many times it has said anything at all. */
interface Speaker {
  readonly heard: number;
}

/** Counts the health checks that a session lets pass without a word, to tell a hung backend from a busy one. */
export class Silence {
  #session: Speaker | undefined;
  #heard = 0;
  #checks = 0;

  /** @param maxChecks so many in a row may go unanswered; the next one finds the session hung */
  constructor(readonly maxChecks: number) {}

  /** Notes that a check begins; whether the ones before it make it pointless. */
  isTooLong(session: Speaker): boolean {
    if (session !== this.#session || session.heard !== this.#heard) {
      this.#session = session;
      this.#heard = session.heard;
      this.#checks = 0;
    }
    this.#checks += 1;
    return this.#checks > this.maxChecks;
  }
}
