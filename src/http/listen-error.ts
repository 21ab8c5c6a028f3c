const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop what uses it or choose another with --port',
  EACCES: 'no permission to use this port; choose one above 1023',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host name is unknown',
};

/** The server could not listen. Nothing was started on that address. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** The system's word for it, e.g. `EADDRINUSE`. */
  readonly code: string;

  constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
    const code = cause.code ?? 'UNKNOWN';
    super(`cannot listen on ${host} port ${port}: ${REASONS[code] ?? code}`, { cause });
    this.code = code;
  }
}
