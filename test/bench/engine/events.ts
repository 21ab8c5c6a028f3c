/** How often the actor of a backend is told anything: counted, not timed. */
import type { Subject } from './measure.js';
import { actorOf, createEngine, VirtualClock } from './shipped.js';

const CALLS = 10_000;
const OPEN_MS = 1000;

export const eventSubjects = {
  events: async () => {
    const clock = new VirtualClock();
    const engine = createEngine(
      { backends: { one: { circuit: { failureThreshold: 1, openMs: OPEN_MS } } } },
      { clock, check: () => Promise.resolve() },
    );
    engine.start();
    await clock.run(0);
    const backend = engine.backend('one');
    let steps = 0;
    actorOf(backend).subscribe(() => (steps += 1));
    const call = () => {
      const permit = backend.permit();
      if (!permit.admitted) throw new Error(permit.code);
      return permit;
    };

    for (let count = 0; count < CALLS; count += 1) call().succeed();
    const perCall = steps / CALLS;
    steps = 0;
    call().fail({ category: 'connection_failed' });
    await clock.run(OPEN_MS);
    if (backend.standing.circuit !== 'closed') throw new Error('the circuit did not close again');
    const perTrip = steps;
    await engine.stop();
    return { perCall, perTrip };
  },
} satisfies Record<string, Subject>;
