import type { Plan } from './oracle.js';
import type { SupervisionRegion } from './paths.js';
import type { SupervisionScale } from './steps.js';

const other = {
  policy: { failureThreshold: 1, openMs: 1900 },
  rule: { intensity: 1, periodMs: 2900, backoffMs: 40 },
};

function scaleOf(name: string, { rule, policy }: typeof other, drainMs: number): SupervisionScale {
  const plan: Plan = { backends: { one: { identity: 'a', policy } }, rule, drainMs };
  return { name, checked: false, plan, other, stopMs: 350 };
}

/** What the schema's defaults are, written out again. */
const standard = scaleOf(
  'standard',
  {
    rule: { intensity: 3, periodMs: 60_000, backoffMs: 100 },
    policy: { failureThreshold: 5, openMs: 60_000 },
  },
  10_000,
);
/** Crashes are forgotten while their backend is away. */
const hasty = scaleOf(
  'hasty',
  { rule: { intensity: 2, periodMs: 700, backoffMs: 250 }, policy: { failureThreshold: 2, openMs: 1300 } },
  400,
);
/** A circuit opens at once, and stays open longer than a restart takes. */
const brittle = scaleOf(
  'brittle',
  { rule: { intensity: 1, periodMs: 900, backoffMs: 270 }, policy: { failureThreshold: 1, openMs: 1300 } },
  400,
);
/** A circuit's open time is over before its backend is back. */
const slow = scaleOf(
  'slow',
  { rule: { intensity: 1, periodMs: 900, backoffMs: 1700 }, policy: { failureThreshold: 1, openMs: 1300 } },
  400,
);
/** The first crash is the last. */
const final = scaleOf(
  'final',
  { rule: { intensity: 0, periodMs: 900, backoffMs: 270 }, policy: { failureThreshold: 1, openMs: 1300 } },
  400,
);

const checked = (scale: SupervisionScale): SupervisionScale => ({
  ...scale,
  name: `${scale.name}, checked`,
  checked: true,
});
/** Two backends from the start. */
const double = (scale: SupervisionScale): SupervisionScale => {
  const { one } = scale.plan.backends;
  return { ...scale, plan: { ...scale.plan, backends: { one: one!, two: one! } } };
};

const OPERATED = /crash|isolate|release|reset|fail|check/;
const limited = { crashes: 0, changes: 0, calls: 0 };
const region = (
  name: string,
  scale: SupervisionScale,
  happens: RegExp,
  limits: Partial<typeof limited>,
): SupervisionRegion => ({
  name: `${name}, ${scale.name}`,
  scale,
  happens: new RegExp(`^(${happens.source}|deadline|wait)`),
  names: /two/.test(happens.source) || 'two' in scale.plan.backends ? ['one', 'two'] : ['one'],
  ...limited,
  ...limits,
});

/** One backend that crashes, is restarted and given up, and what each of the other things does to it then. */
const ALONE = {
  restarts: region('restarts', checked(hasty), /crash|reset/, { crashes: 6 }),
  restartsStandard: region('restarts', checked(standard), /crash|reset/, { crashes: 7 }),
  restartsFinal: region('restarts', final, /crash|reset|policy|identity/, { crashes: 3, changes: 2 }),
  operated: region('operated', checked(brittle), OPERATED, { crashes: 1 }),
  operatedHasty: region('operated', checked(hasty), OPERATED, { crashes: 1 }),
  operatedUnchecked: region('operated', brittle, OPERATED, { crashes: 1 }),
  operatedSlow: region('operated', slow, OPERATED, { crashes: 1 }),
  rules: region('other rules', hasty, /crash|rule/, { crashes: 4, changes: 2 }),
  changed: region('changed', brittle, /crash|policy|identity/, { crashes: 2, changes: 3 }),
  changedOpen: region('changed, open', brittle, /crash|policy|fail/, { crashes: 1, changes: 2 }),
  replaced: region('replaced', hasty, /crash|identity/, { crashes: 4, changes: 2 }),
  replacedOpen: region('replaced, open', brittle, /crash|identity|fail/, { crashes: 1, changes: 2 }),
  removed: region('removed', brittle, /crash|remove|add/, { crashes: 2, changes: 4 }),
};

/** Calls that are out meanwhile, and settle late. */
const CALLED = {
  crash: region('calls, crash', brittle, /crash|call |call.failed|late.failed/, { crashes: 1, calls: 2 }),
  removed: region('calls, removed', hasty, /remove|add|call |call.succeeded|late.failed/, {
    changes: 3,
    calls: 1,
  }),
  removedAway: region('calls, removed, crash', brittle, /crash|remove|add|call |late.failed/, {
    crashes: 1,
    changes: 3,
    calls: 1,
  }),
  kept: region('calls, kept out', brittle, /crash|remove|add|call /, { crashes: 1, changes: 3, calls: 2 }),
  replaced: region('calls, replaced', brittle, /crash|identity|call |late.failed/, {
    crashes: 1,
    changes: 2,
    calls: 1,
  }),
  stop: region('stop', hasty, /crash|stop|call |call.failed|late.failed/, { crashes: 1, calls: 1 }),
  stopChanged: region('stop, changed', brittle, /stop|remove|add|identity|call |call.failed|late.failed/, {
    changes: 2,
    calls: 1,
  }),
};

/** Two backends, of which neither disturbs the other. */
const TOGETHER = {
  crashes: region('two, crashes', double(hasty), /crash/, { crashes: 3 }),
  crashesStandard: region('two, crashes', double(checked(standard)), /crash/, { crashes: 4 }),
  added: region('two, one added', hasty, /crash|add two|remove two/, { crashes: 2, changes: 3 }),
  removed: region('two, one removed', double(hasty), /crash two|call |remove one|add one/, {
    crashes: 1,
    changes: 2,
    calls: 1,
  }),
};

/** Those that take seconds together. */
export const QUICK_REGIONS: readonly SupervisionRegion[] = [
  ALONE.restarts,
  ALONE.restartsFinal,
  TOGETHER.crashes,
  CALLED.removed,
  ALONE.operated,
  ALONE.changedOpen,
  CALLED.replaced,
  CALLED.stop,
];

/** The small ones first: where one shows something wrong, the others need not. */
export const SUPERVISION_REGIONS: readonly SupervisionRegion[] = [
  ...new Set([
    ...QUICK_REGIONS.slice(0, -2),
    ALONE.replacedOpen,
    ALONE.restartsStandard,
    CALLED.kept,
    CALLED.stopChanged,
    ALONE.replaced,
    ...QUICK_REGIONS,
    ...Object.values(CALLED),
    ...Object.values(TOGETHER),
    ...Object.values(ALONE),
  ]),
];

/** Two backends to which everything may happen. */
export const EVERYTHING: readonly SupervisionRegion[] = [hasty, checked(hasty)].map((scale) => ({
  name: `everything, ${scale.name}`,
  scale,
  happens: /./,
  names: ['one', 'two'],
  crashes: Infinity,
  changes: Infinity,
  calls: 3,
}));
