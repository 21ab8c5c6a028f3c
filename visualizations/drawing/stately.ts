import type { AnyStateMachine } from 'xstate';

/**
 * What a machine is made of, as data: actions, guards, delays and actors by their names, and no functions. The first
 * context and the input of actors are functions, and left out.
 */
export function configOf({ config }: AnyStateMachine): unknown {
  return cleaned(config);
}

/** A file that Stately Studio imports as it is. */
export function statelyOf(machine: AnyStateMachine): string {
  return [
    '// Written by `npm run visualize`. Stately Studio imports this file as it is.',
    "import { createMachine } from 'xstate';",
    '',
    `export const machine = createMachine(${JSON.stringify(configOf(machine))});`,
    '',
  ].join('\n');
}

function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) =>
      part === undefined || typeof part === 'function' ? [] : [[key, cleaned(part)]],
    ),
  );
}
