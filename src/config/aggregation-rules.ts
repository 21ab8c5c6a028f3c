import { suggest } from './decode.js';
import type { Fault } from './fault.js';
import type { AggregationSection, ConfigFile } from './file-shape.js';
import type { Path } from './yaml-tree.js';

const AT: Path = ['aggregation'];
const RESOLUTIONS = ['prefix', 'priority', 'manual'];

/** The reference's rules for `aggregation`; the first fault only. */
export function aggregationFault(section: ConfigFile['aggregation']): Fault | undefined {
  if (section === undefined) return { path: AT, message: 'aggregation is required' };
  const { conflictResolution, conflictResolutionConfig: settings, defaultToolVisibility = '' } = section;
  if (!RESOLUTIONS.includes(conflictResolution ?? '')) {
    const message = 'conflictResolution must be one of: prefix, priority, manual';
    return { path: [...AT, 'conflictResolution'], message, ...suggest(conflictResolution, RESOLUTIONS) };
  }
  const at: Path = [...AT, 'conflictResolutionConfig'];
  if (settings === undefined) return { path: at, message: 'conflictResolutionConfig is required' };
  if (conflictResolution === 'prefix' && (settings.prefixFormat ?? '') === '') {
    return { path: [...at, 'prefixFormat'], message: 'prefixFormat is required for prefix strategy' };
  }
  if (conflictResolution === 'priority' && (settings.priorityOrder ?? []).length === 0) {
    return { path: [...at, 'priorityOrder'], message: 'priorityOrder is required for priority strategy' };
  }
  if (conflictResolution === 'manual' && (section.tools ?? []).length === 0) {
    return { path: [...AT, 'tools'], message: 'tool overrides are required for manual strategy' };
  }
  if (!['', 'allow', 'deny'].includes(defaultToolVisibility)) {
    const message = 'defaultToolVisibility must be one of: allow, deny';
    return { path: [...AT, 'defaultToolVisibility'], message };
  }
  return hiddenWinnerFault(section) ?? toolsFault(section.tools ?? []);
}

/** A backend that wins a name and is then hidden would take the tool away from everybody. */
function hiddenWinnerFault(section: AggregationSection): Fault | undefined {
  if (section.defaultToolVisibility !== 'deny' || section.conflictResolution !== 'priority') return undefined;
  const listed = new Set(section.tools?.map(({ workload }) => workload));
  const order = section.conflictResolutionConfig?.priorityOrder ?? [];
  const index = order.findIndex((name) => !listed.has(name));
  if (index < 0) return undefined;
  const name = JSON.stringify(order[index]);
  const message =
    `defaultToolVisibility deny with priority strategy: priorityOrder entry ${name} has no tools entry; ` +
    `it could win a name conflict and then be withheld, hiding the tool entirely. ` +
    `Add a tools entry for ${name} or remove it from priorityOrder`;
  return { path: [...AT, 'conflictResolutionConfig', 'priorityOrder', index], message };
}

function toolsFault(tools: NonNullable<AggregationSection['tools']>): Fault | undefined {
  const seen = new Set<string>();
  for (const [index, { workload = '', overrides = {} }] of tools.entries()) {
    const path: Path = [...AT, 'tools', index];
    if (workload === '') {
      return { path: [...path, 'workload'], message: `tools[${index}].workload is required` };
    }
    if (seen.has(workload)) {
      return { path: [...path, 'workload'], message: `duplicate workload configuration: ${workload}` };
    }
    seen.add(workload);
    for (const [tool, override] of Object.entries(overrides)) {
      if ((override?.name ?? '') !== '' || (override?.description ?? '') !== '') continue;
      const message = `tools[${index}].overrides.${tool}: at least one of name or description must be specified`;
      return { path: [...path, 'overrides', tool], message };
    }
  }
  return undefined;
}
