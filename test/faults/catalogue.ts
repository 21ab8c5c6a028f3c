import { clientFaults } from './catalogue/client.js';
import { clockFaults } from './catalogue/clock.js';
import { compositions } from './catalogue/composition.js';
import { configurationFaults } from './catalogue/configuration.js';
import { networkFaults } from './catalogue/network.js';
import { operatorFaults } from './catalogue/operator.js';
import { processFaults } from './catalogue/process.js';
import { protocolFaults } from './catalogue/protocol.js';
import { resourceFaults } from './catalogue/resource.js';
import type { Row } from './row.js';

export interface Chapter {
  readonly title: string;
  readonly rows: readonly Row[];
}

/**
 * What can go wrong around a gateway for MCP, and what shows that this one bears it. Besides what a row says it is
 * always expected that a call settles once, that other backends do not notice, that the change is told, and that
 * nothing is left behind.
 */
export const catalogue: readonly Chapter[] = [
  { title: 'Processes', rows: processFaults },
  { title: 'Network', rows: networkFaults },
  { title: 'Protocol', rows: protocolFaults },
  { title: 'Clock and scheduling', rows: clockFaults },
  { title: 'Configuration', rows: configurationFaults },
  { title: 'Clients', rows: clientFaults },
  { title: 'Resources', rows: resourceFaults },
  { title: 'Operators', rows: operatorFaults },
  { title: 'Compositions', rows: compositions },
];
