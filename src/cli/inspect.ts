import { ListenError } from '../http/listen-error.js';
import type { Relay, RelayOptions } from '../inspect/relay.js';
import { EXIT, ExitError } from './exit-code.js';
import { packageRoot } from './package-root.js';

/** A relay that listens. */
export interface OpenRelay {
  readonly base: string;
  readonly close: Relay['close'];
}

/**
 * Offers the actors to Stately's inspector. What that needs is loaded only now: most servers do without.
 * @throws {ExitError} there is no token, or it cannot listen
 */
export async function openRelay(
  port: number,
  { token, ...options }: Omit<RelayOptions, 'page' | 'token'> & { readonly token: string | undefined },
): Promise<OpenRelay> {
  if (token === undefined) {
    const message =
      '--inspect needs an admin token: set BREAKWATER_ADMIN_TOKEN, since one is made up only where a terminal shows it';
    throw new ExitError(EXIT.refused, message);
  }
  const [{ createRelay }, { inspectorPage }] = await Promise.all([
    import('../inspect/relay.js'),
    import('../inspect/page.js'),
  ]);
  const relay = createRelay({ ...options, token, page: inspectorPage(packageRoot()) });
  try {
    return { base: await relay.listen(port), close: () => relay.close() };
  } catch (error) {
    if (error instanceof ListenError) throw new ExitError(EXIT.refused, error.message);
    throw error;
  }
}
