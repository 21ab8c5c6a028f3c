import { parseEngineConfig } from './config/engine-config.js';
import type { EngineConfig, EngineConfigInput } from './config/engine-config.js';
import { Engine } from './engine/engine.js';
import type { EngineOptions, EngineSettings } from './engine/engine.js';

/**
 * Makes an engine from a configuration in which every key but `backends` may be left out. Nothing runs
 * before `start()`. `reconfigure` validates in the same way, and goes on with the old configuration if it
 * refuses the new one.
 * @throws {EngineConfigError}
 */
export function createEngine(
  config: EngineConfigInput,
  options: EngineOptions = {},
): Engine<EngineConfigInput> {
  return new Engine(config, (input) => engineSettings(parseEngineConfig(input)), options);
}

function engineSettings({ backends, supervision, ...rest }: EngineConfig): EngineSettings {
  return {
    ...rest,
    restart: supervision,
    backends: Object.entries(backends).map(([name, { circuit, health, maxInFlight, identity = '' }]) => {
      const { enabled, ...policy } = circuit;
      const limits = { health, ...(maxInFlight !== undefined && { maxInFlight }) };
      return { name, identity, policy: enabled ? { circuit: policy, ...limits } : limits };
    }),
  };
}
