import type { Locate } from './decode.js';
import type { FailureOverride } from './operational-shape.js';
import type { Path } from './yaml-tree.js';

/**
 * Where a value comes from: the defaults, `operational.failureHandling` of the file, or the backend's own
 * `failureHandling`.
 */
export type Origin = 'default' | 'operational' | 'backend';

export interface Setting<Value> {
  readonly value: Value;
  readonly origin: Origin;
  /** Of the file; absent for defaults. */
  readonly line?: number;
}

/** One place of the file that may hold failure handling. */
export interface Layer {
  readonly origin: Exclude<Origin, 'default'>;
  readonly path: Path;
  readonly section: FailureOverride | undefined;
}

/** Where `operational.failureHandling` is. */
export const OPERATIONAL_PATH: Path = ['operational', 'failureHandling'];

/** Takes one setting from the layers, by its keys in a section. */
export type PickSetting = <Value>(
  keys: Path,
  fallback: Value,
  read: (section: FailureOverride) => Value | undefined,
  isUnset?: (value: Value, origin: Origin) => boolean,
) => Setting<Value>;

/** The last layer that has a value wins. What `isUnset` says is no value: by default, what the reference replaces. */
export function picker(layers: readonly Layer[], locate: Locate): PickSetting {
  return <Value>(
    keys: Path,
    fallback: Value,
    read: (section: FailureOverride) => Value | undefined,
    isUnset: (value: Value, origin: Origin) => boolean = isReplaced,
  ) => {
    let setting: Setting<Value> = { value: fallback, origin: 'default' };
    for (const { origin, path, section } of layers) {
      const value = section && read(section);
      if (value === undefined || isUnset(value, origin)) continue;
      setting = { value, origin, line: locate([...path, ...keys]).line };
    }
    return setting;
  };
}

/** For keys of ours: what is written counts, zero too. */
export const never = () => false;

/** The reference's merge fills what is zero, not only what is missing. */
function isReplaced(value: unknown, origin: Origin): boolean {
  return origin === 'operational' && (value === 0 || value === 0n);
}
