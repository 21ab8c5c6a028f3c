/** What a backend asks of a client. */
export interface Question {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface AskOptions {
  /** Aborted when the backend needs no answer any more. */
  readonly signal: AbortSignal;
  /** Progress of the client on it, its params without the token; absent where the backend did not ask for it. */
  readonly onProgress?: (params: Readonly<Record<string, unknown>>) => void;
}

/** What a client answers, in its own words. */
export type AskReply =
  | { readonly kind: 'result'; readonly result: Readonly<Record<string, unknown>> }
  | { readonly kind: 'error'; readonly code: number; readonly message: string; readonly data?: unknown };

/** Who a request is made for: what the backend asks or says while it works on it goes there. */
export interface Caller {
  /** Never rejects: a client that is gone, or that cannot be asked, is an error answer. */
  ask(question: Question, options: AskOptions): Promise<AskReply>;
  /** A notification of the backend. */
  tell(method: string, params: Readonly<Record<string, unknown>>): void;
}

/**
 * Answers a question of the backend. Never rejects.
 * @param caller whose request the backend is working on, where that can be told
 */
export type OnQuestion = (
  question: Question,
  caller: Caller | undefined,
  options: AskOptions,
) => Promise<AskReply>;
