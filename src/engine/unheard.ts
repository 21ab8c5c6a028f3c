import type { Ledger } from './permit.js';

interface Listener {
  readonly name: string;
  settleUnheard(how: 'succeeded' | 'failed' | 'released'): void;
}

/** Where permits are settled that an enforced circuit would have refused: the machine hears nothing of them. */
export function unheardBy(gate: Listener): Ledger {
  return {
    name: gate.name,
    settleSuccess: () => {
      gate.settleUnheard('succeeded');
    },
    settleFailure: () => {
      gate.settleUnheard('failed');
    },
    settleRelease: () => {
      gate.settleUnheard('released');
    },
  };
}
