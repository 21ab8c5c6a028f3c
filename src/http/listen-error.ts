const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop what uses it or choose another with',
  EACCES: 'no permission to use this port; choose one above 1023',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host name is unknown',
};

/** The server could not listen. Nothing was started on that address. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** The system's word for it, e.g. `EADDRINUSE`. */
  readonly code: string;

  /** @param option of the command line, which names the port */
  constructor(host: string, port: number, option: string, cause: NodeJS.ErrnoException) {
    const code = cause.code ?? 'UNKNOWN';
    const choice = code === 'EADDRINUSE' ? ` ${option}` : '';
    super(`cannot listen on ${host} port ${port}: ${REASONS[code] ?? code}${choice}`, { cause });
    this.code = code;
  }
}
