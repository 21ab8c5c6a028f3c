import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const chromiumPath = PLACES.find(existsSync);

/** Tests that need a browser are skipped without one. */
export const hasBrowser = chromiumPath !== undefined;

if (!hasBrowser) console.warn('pages are not tested in a browser: there is no Chromium in /usr/bin');

/** The Chromium of this machine, without a window. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox'] });
}
