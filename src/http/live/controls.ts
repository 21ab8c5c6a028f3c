import type { Log } from '../../logging/log.js';
import { isSameToken } from '../admin-token.js';

/** What an operator can do with a backend. */
export const ACTIONS = ['check', 'isolate', 'release', 'reset'] as const;
export type Action = (typeof ACTIONS)[number];

export type Controls = Readonly<Record<Action, (backend: string) => void>>;

/** Who asks, as far as that can be told. */
export interface Asker {
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  /** The whole `Authorization` header. */
  readonly authorization: string | undefined;
}

export type Verdict =
  | { readonly kind: 'done'; readonly backend: string; readonly action: Action }
  | { readonly kind: 'refused' | 'unknown'; readonly code: string; readonly message: string };

/** The controls of an operator, for who has the token. Every use is logged, allowed or not, with who and what. */
export class AdminDesk {
  constructor(
    private readonly controls: Controls,
    private readonly log: Log,
    /** Absent: nobody may use them. */
    private readonly token: string | undefined,
  ) {}

  ask(backend: string, action: string, known: readonly string[], asker: Asker): Verdict {
    const { address, userAgent } = asker;
    const what = { action, backend, address, userAgent };
    if (!this.#admits(asker.authorization)) {
      this.log.warn(what, 'a control was refused: no admin token, or a wrong one');
      return {
        kind: 'refused',
        code: this.token === undefined ? 'CONTROLS_OFF' : 'ADMIN_TOKEN_REQUIRED',
        message:
          this.token === undefined
            ? 'controls are off: set BREAKWATER_ADMIN_TOKEN and start again'
            : 'send the admin token as "Authorization: Bearer <token>"; serve prints it, or reads BREAKWATER_ADMIN_TOKEN',
      };
    }
    const wanted = ACTIONS.find((one) => one === action);
    if (!wanted) {
      const message = `no action ${JSON.stringify(action)}; one of ${ACTIONS.join(', ')}`;
      return { kind: 'unknown', code: 'UNKNOWN_ACTION', message };
    }
    if (!known.includes(backend)) {
      return { kind: 'unknown', ...unknownBackend(backend, known) };
    }
    this.controls[wanted](backend);
    this.log.info(what, 'a control was used');
    return { kind: 'done', backend, action: wanted };
  }

  #admits(authorization: string | undefined): boolean {
    if (this.token === undefined) return false;
    const given = /^Bearer (?<token>\S+)$/i.exec(authorization ?? '')?.groups?.['token'];
    return given !== undefined && isSameToken(given, this.token);
  }
}

export function unknownBackend(backend: string, known: readonly string[]) {
  const message = `no backend ${JSON.stringify(backend)}; one of ${known.join(', ')}`;
  return { code: 'UNKNOWN_BACKEND', message } as const;
}
