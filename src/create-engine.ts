import type { BackendPolicy } from '../machines/backend-policy.js';
import { parseEngineConfig } from './config/engine-config.js';
import type { EngineConfig, EngineConfigInput } from './config/engine-config.js';
import type { BackendSettings } from './engine/backend-settings.js';
import { Engine } from './engine/engine.js';
import type { ConfigReader, EngineOptions, EngineSettings } from './engine/engine.js';

/**
 * Makes an engine from a configuration in which every key but `backends` may be left out. Nothing runs
 * before `start()`. `reconfigure` and `configure` validate in the same way, and go on with the old configuration if
 * they refuse the new one.
 * @throws {EngineConfigError}
 */
export function createEngine(
  config: EngineConfigInput,
  options: EngineOptions = {},
): Engine<EngineConfigInput> {
  return new Engine(config, new Reader(), options);
}

/** Reads configurations. Backends with equal policies share one: it takes less room, and is compared at a glance. */
class Reader implements ConfigReader<EngineConfigInput> {
  /** The policies of the last whole configuration, by what they say. */
  #policies = new Map<string, BackendPolicy>();

  read(input: EngineConfigInput): EngineSettings {
    const { backends, supervision, ...rest } = parseEngineConfig(input);
    const before = this.#policies;
    this.#policies = new Map();
    const share = (policy: BackendPolicy) => {
      const said = JSON.stringify(policy);
      const shared = this.#policies.get(said) ?? before.get(said) ?? policy;
      this.#policies.set(said, shared);
      return shared;
    };
    return { ...rest, restart: supervision, backends: settingsOf(backends, share) };
  }

  readBackends(input: EngineConfigInput['backends']): BackendSettings[] {
    const { backends } = parseEngineConfig({ backends: input });
    return settingsOf(backends, (policy) => this.#policies.get(JSON.stringify(policy)) ?? policy);
  }
}

function settingsOf(
  backends: EngineConfig['backends'],
  share: (policy: BackendPolicy) => BackendPolicy,
): BackendSettings[] {
  return Object.entries(backends).map(([name, { circuit, health, maxInFlight, identity = '' }]) => {
    const { enabled, ...policy } = circuit;
    const limits = { health, ...(maxInFlight !== undefined && { maxInFlight }) };
    return { name, identity, policy: share(enabled ? { circuit: policy, ...limits } : limits) };
  });
}
