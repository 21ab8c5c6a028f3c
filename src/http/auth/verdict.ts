/** What a token comes to. */
export type Verdict = Admission | Refusal;

export interface Admission {
  readonly kind: 'admitted';
  /** Stands for one caller and for no other. */
  readonly principal: string;
  /** Milliseconds until the token has expired; absent: it never does. */
  readonly expiresInMs?: number;
}

export interface Refusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  /** For the client; says nothing that it does not know. */
  readonly message: string;
  /** For the log: what exactly was wrong. Never the token, nor what it says. */
  readonly why?: string;
  /** When to come again, in milliseconds. */
  readonly retryAfterMs?: number;
}

export type RefusalCode =
  'TOKEN_REQUIRED' | 'INVALID_REQUEST' | 'INVALID_TOKEN' | 'INSUFFICIENT_SCOPE' | 'ISSUER_UNAVAILABLE';

export function refused(code: RefusalCode, message: string, why?: string): Refusal {
  return { kind: 'refused', code, message, ...(why !== undefined && { why }) };
}
