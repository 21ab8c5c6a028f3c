import type { Case } from './case.js';
import { listeners } from './cases/listeners.js';
import { overrides } from './cases/overrides.js';
import { permits } from './cases/permits.js';
import { recovery } from './cases/recovery.js';
import { robustness } from './cases/robustness.js';
import { stale } from './cases/stale.js';
import { time } from './cases/time.js';
import { windows } from './cases/windows.js';

/** Every case, in the order of the catalogue. */
export const suite: readonly Case[] = [
  ...[...stale, ...permits, ...windows, ...time, ...overrides, ...listeners, ...robustness, ...recovery].sort(
    (a, b) => keyOf(a).localeCompare(keyOf(b)),
  ),
];

/** `C14a` comes after `C2`. */
function keyOf({ id }: Case): string {
  return id.replace(/\d+/, (digits) => digits.padStart(2, '0'));
}
