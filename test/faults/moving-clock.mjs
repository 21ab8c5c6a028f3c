/**
 * Loaded into the gateway with `--import`: its wall clock can be moved. Node's timers and `performance.now` do not
 * read it. SIGUSR2 moves it by the next of the jumps; with BREAKWATER_STROBE it goes to and fro by itself.
 */
const HOUR_MS = 3_600_000;
const JUMPS_MS = [-HOUR_MS, 25 * HOUR_MS, 10 * 365 * 24 * HOUR_MS, 0];
const Real = Date;
let jumps = 0;
let offsetMs = 0;

globalThis.Date = new Proxy(Real, {
  construct: (target, args) =>
    args.length === 0 ? new target(target.now() + offsetMs) : new target(...args),
  apply: (target) => String(new target(target.now() + offsetMs)),
  get: (target, key) => (key === 'now' ? () => target.now() + offsetMs : Reflect.get(target, key)),
});

process.on('SIGUSR2', () => {
  offsetMs = JUMPS_MS[jumps % JUMPS_MS.length];
  jumps += 1;
});

if (process.env['BREAKWATER_STROBE']) {
  setInterval(() => {
    offsetMs = offsetMs === 1_000 ? -1_000 : 1_000;
  }, 10).unref();
}
