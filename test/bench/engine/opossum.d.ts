/** The little of opossum that the bench calls; the package brings no types of its own. */
declare module 'opossum' {
  export default class CircuitBreaker<T> {
    constructor(action: () => Promise<T>, options?: Readonly<Record<string, unknown>>);
    fire(): Promise<T>;
    open(): void;
    shutdown(): void;
  }
}
