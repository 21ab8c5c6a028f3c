import type { z } from 'zod';
import { duration, integer, list, number, section, text } from '../config/leaf.js';

/** What may be wrong with a backend. */
export const TROUBLES = ['down', 'hanging', 'slow', 'flapping', 'failing'] as const;

/** Which attempts a phase concerns. */
export const CONCERNED = ['calls', 'checks'] as const;

const Phase = section(
  'What the backend does for a while. Outside of its phases it answers every call.',
  {
    from: duration('When it begins, since the start.').optional(),
    to: duration('When it is over; the backend then answers again.').optional(),
    is: text('down, hanging, slow, flapping or failing.', { enum: TROUBLES }).optional(),
    latency: duration('For slow: how long an answer takes.').optional(),
    rate: number('For failing: the share of attempts that fail, more than 0 and at most 1.').optional(),
    downFor: duration('For flapping: how long it is down each time; it begins so.').optional(),
    upFor: duration('For flapping: how long it is up in between.').optional(),
    only: text('Calls or checks alone; by default both.', { enum: CONCERNED }).optional(),
  },
  ['from', 'to', 'is'],
);

/** A whole scenario file, before any rule has looked at it. */
export const ScenarioFile = section(
  'A scripted outage.',
  {
    name: text('What it is called in reports; by default the file.').optional(),
    description: text('A line for reports.').optional(),
    duration: duration('How long the whole takes.').optional(),
    traffic: section('What is asked of the backend.', {
      callsPerSecond: number(
        'Calls, evenly spread; by default 10, and 0 for health checks alone.',
      ).optional(),
      latency: duration('How long an answer takes while all is well; by default 20ms.').optional(),
    }).optional(),
    phases: list('What the backend does, in order.', Phase).optional(),
    backend: text('Which backend of the configuration; by default the first.').optional(),
    seed: integer('Of everything that is left to chance; by default 1.').optional(),
  },
  ['duration', 'phases'],
);
export type ScenarioFile = z.infer<typeof ScenarioFile>;
export type PhaseSection = NonNullable<ScenarioFile['phases']>[number];
