/** Makes so many calls, one after the other. */
export type Chunk = (calls: number) => Promise<unknown> | undefined;

/** What one process found of one subject, by name. */
export type Figures = Readonly<Record<string, number>>;

export interface Effort {
  /** Chunks of the subject, each next to one of the baseline. */
  readonly rounds: number;
  /** A tenth of the backends and of the calls, where their number is the point. */
  readonly quick: boolean;
}

/** Finds figures; runs alone in a process of its own, so that no subject is compiled for the needs of another. */
export type Subject = (effort: Effort) => Promise<Figures>;

/** Long enough that reading the clock costs nothing, short enough that both meet the same noise. */
const CHUNK_MS = 4;
/** Before anything counts: by then the compiler is done. */
const WARM_UP_MS = 400;

/** What is called everywhere: an operation that costs next to nothing. */
// eslint-disable-next-line @typescript-eslint/require-await -- an operation that answers, as operations do
export const operation = async (): Promise<number> => 1;

/** The same, down. Its error is made once: its price is not the guard's. */
const down = new Error('down');
// eslint-disable-next-line @typescript-eslint/require-await -- an operation that rejects, as operations do
export const brokenOperation = async (): Promise<number> => {
  throw down;
};

export const bareCall: Chunk = async (calls) => {
  for (let call = 0; call < calls; call += 1) await operation();
};

export const bareRejection: Chunk = async (calls) => {
  for (let call = 0; call < calls; call += 1) {
    try {
      await brokenOperation();
    } catch {
      // Handled, as a guarded call's error is.
    }
  }
};

/** A subject's time per call over that of the baseline, each the lower quartile of all rounds, and in ns. */
export function against(baseline: Chunk, prepare: () => Chunk | Promise<Chunk>): Subject {
  return async ({ rounds }) => {
    const chunk = await prepare();
    const sizes = { baseline: await sizeOf(baseline), chunk: await sizeOf(chunk) };
    const times: { baseline: number[]; chunk: number[] } = { baseline: [], chunk: [] };
    for (let round = 0; round < rounds; round += 1) {
      times.baseline.push(await nsPerCall(baseline, sizes.baseline));
      times.chunk.push(await nsPerCall(chunk, sizes.chunk));
    }
    const ns = lowerQuartile(times.chunk);
    return { ns, ratio: ns / lowerQuartile(times.baseline) };
  };
}

/** Warms the chunk up and finds how many calls fill it. */
async function sizeOf(chunk: Chunk): Promise<number> {
  let calls = 16;
  const until = performance.now() + WARM_UP_MS;
  for (;;) {
    const tookMs = ((await nsPerCall(chunk, calls)) * calls) / 1e6;
    if (tookMs < CHUNK_MS / 2) calls *= 2;
    else if (performance.now() > until) return Math.max(1, Math.round((calls * CHUNK_MS) / tookMs));
  }
}

/** Of processor time: that of others on the same machine is not the subject's. */
async function nsPerCall(chunk: Chunk, calls: number): Promise<number> {
  const from = process.cpuUsage();
  await chunk(calls);
  const { user, system } = process.cpuUsage(from);
  return ((user + system) * 1000) / calls;
}

function lowerQuartile(values: readonly number[]): number {
  return quantile(values, 0.25);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** Bytes in use after all garbage is gone. Needs `--expose-gc`. */
export async function bytesInUse(): Promise<number> {
  if (!globalThis.gc) throw new Error('run with --expose-gc');
  for (let pass = 0; pass < 4; pass += 1) {
    globalThis.gc();
    await new Promise((turn) => setImmediate(turn));
  }
  return process.memoryUsage().heapUsed;
}
