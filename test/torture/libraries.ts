import type { Library } from './breaker.js';
import { cockatiel } from './libraries/cockatiel.js';
import { mollitia } from './libraries/mollitia.js';
import { opossum } from './libraries/opossum.js';
import { ours, oursVirtual } from './libraries/ours.js';

/** Ours comes first, and again on a clock of its own. */
export const libraries = (): readonly Library[] => [ours, oursVirtual(), cockatiel, opossum, mollitia];
