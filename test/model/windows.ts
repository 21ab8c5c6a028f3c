/** The windows of an oracle: every sample is kept, and looked through whenever somebody asks [R09]. */

export interface Rate {
  readonly of: 'failures' | 'slowCalls';
  readonly threshold: number;
  readonly window: { readonly calls: number } | { readonly ms: number };
  readonly minimumCalls: number;
}

/** A rate, and what its window holds. */
export type Reading = Rate & Readonly<Record<'matching' | 'calls' | 'rate', number>>;

interface Sample {
  readonly at: number;
  /** It is what the rate is about. */
  readonly counts: boolean;
}

export function isReached({ calls, rate, minimumCalls, threshold }: Reading): boolean {
  return calls >= minimumCalls && rate >= threshold;
}

export class Windows {
  #attempts: Sample[] = [];
  #speeds: Sample[] = [];

  clear(): void {
    this.#attempts = [];
    this.#speeds = [];
  }

  /** A call or a check has ended; `counts`: it has failed. */
  attempted(at: number, counts: boolean): void {
    this.#attempts.push({ at, counts });
  }

  /** A call was quick; `counts`: it is slow. */
  timed(at: number, counts: boolean): void {
    this.#speeds.push({ at, counts });
  }

  /** Windows move in hundredths of their length. */
  read(rates: readonly Rate[], now: number): readonly Reading[] {
    return rates.map((rate) => {
      const samples = rate.of === 'failures' ? this.#attempts : this.#speeds;
      const held =
        'ms' in rate.window
          ? lately(samples, now, rate.window.ms / 100)
          : last(samples, rate.window.calls, Math.ceil(rate.window.calls / 100));
      const matching = held.filter(({ counts }) => counts).length;
      return { ...rate, matching, calls: held.length, rate: held.length === 0 ? 0 : matching / held.length };
    });
  }
}

/** Those of the hundredth that is under way, and of the ninety-nine before it. */
function lately(samples: readonly Sample[], now: number, width: number): readonly Sample[] {
  const first = Math.floor(now / width) - 99;
  return samples.filter(({ at }) => Math.floor(at / width) >= first);
}

/** Those of the step that is under way, and of as many whole ones before it as make up for all but one call. */
function last(samples: readonly Sample[], calls: number, width: number): readonly Sample[] {
  const first = Math.floor((samples.length - 1) / width) - Math.ceil((calls - 1) / width);
  return samples.slice(Math.max(0, first * width));
}
