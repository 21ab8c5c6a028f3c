/** What the process says with its exit code. A second signal ends it with 128 plus the signal's number. */
export const EXIT = {
  ok: 0,
  /** The configuration is refused, the server cannot start, or it ended by a defect of its own. */
  refused: 1,
  /** Unknown option or command, missing or malformed value. */
  usage: 2,
} as const;

/** A reason to end that is the user's to mend: shown as one message, without a stack. */
export class ExitError extends Error {
  override readonly name = 'ExitError';
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}
