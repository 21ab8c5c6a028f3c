import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memory, threeServers } from './backends.js';
import { hasBrowser, launchBrowser } from './browser.js';
import { everything, freePort, kill, ROOT, until } from './processes.js';
import { configuration, Served, temporaryFolder } from './served.js';

const TOKEN = 'a-token-for-the-page';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where pictures of the page go, to be looked at; git knows nothing of it. */
const PICTURES = join(ROOT, 'reports/page');

/** Of what axe finds, what is read here. */
interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** The live page in a real browser, of a real gateway whose backends are real processes. */
describe.skipIf(!hasBrowser)('the live page', () => {
  let server: ChildProcess;
  let port: number;
  let gateway: Served;
  let browser: Browser;
  let page: Page;
  const asked: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    port = await freePort();
    server = await everything(port);
    const failureHandling = {
      healthCheckInterval: '3s',
      healthCheckTimeout: '1s',
      unhealthyThreshold: 2,
      circuitBreaker: { enabled: true, failureThreshold: 3, timeout: '4s' },
    };
    const config = configuration(threeServers(port, temporaryFolder()), failureHandling);
    gateway = await Served.start(config, [], { BREAKWATER_ADMIN_TOKEN: TOKEN });
    await gateway.serving();
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (said) => {
      if (said.type() === 'error' || said.type() === 'warning') complaints.push(said.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(gateway.base);
    mkdirSync(PICTURES, { recursive: true });
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await gateway.destroy();
    await kill(server);
  });

  const card = (name: string) => page.locator('.card').filter({ has: page.getByText(name, { exact: true }) });
  const shows = (name: string, text: string | RegExp, timeout = 15_000) =>
    card(name).filter({ hasText: text }).waitFor({ timeout });
  const picture = (name: string) => page.screenshot({ path: join(PICTURES, `${name}.png`) });

  it('shows every backend, healthy, and the phase [R31] [R33]', async () => {
    for (const name of ['everything', 'filesystem', 'memory']) await shows(name, 'healthy');
    expect(await page.locator('#phase').textContent()).toBe('Ready');
    expect(await page.locator('#counts').textContent()).toBe('3 backends: 3 healthy');
    await picture('healthy');
  });

  it('shows a backend that was killed as open with a countdown, then half-open, then closed [R32] [R33]', async () => {
    await kill(server);
    const client = await gateway.client();
    for (let call = 0; call < 3; call += 1) await client.call('everything_echo', { message: 'x' });
    await client.client.close();
    await shows('everything', /open.*next attempt in [1-4] s/);
    await picture('open');
    expect(await page.locator('.card').first().textContent()).toContain('everything');
    await card('everything').click();
    expect(await page.locator('#chart [data-state="backend.circuit.open"].active').count()).toBe(1);
    await page.locator('#failed li').filter({ hasText: 'connection_failed' }).first().waitFor();
    await picture('detail-open');
    server = await everything(port);
    await page.locator('#chart [data-state="backend.circuit.closed"].active').waitFor({ timeout: 15_000 });
    const changes = await page.locator('#transitions td:nth-child(3)').allTextContents();
    const circuit = changes.filter((change) => /open|closed/.test(change)).reverse();
    expect(circuit.slice(0, 2)).toEqual(['closed → open', 'open → half-open']);
    expect(circuit.at(-1)).toBe('half-open → closed');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await shows('everything', /healthy|degraded/);
  }, 60_000);

  it('refuses its controls without the token, and does what they say with it [R10] [R38]', async () => {
    await card('memory').click();
    const said = page.locator('#said');
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
    await press('Isolate');
    await said.filter({ hasText: 'refused' }).waitFor();
    expect((await gateway.backend('memory')).circuit).toBe('closed');
    await page.getByLabel('Admin token').fill(TOKEN);
    await press('Isolate');
    await said.filter({ hasText: 'Isolate: done' }).waitFor();
    expect((await gateway.backend('memory')).circuit).toBe('isolated');
    await page.locator('#detail-state').filter({ hasText: 'isolated' }).waitFor();
    await press('Release');
    await said.filter({ hasText: 'Release: done' }).waitFor();
    await until('memory serves', async () => (await gateway.backend('memory')).serving);
    await press('Reset');
    await said.filter({ hasText: 'Reset: done' }).waitFor();
    await press('Check now');
    await said.filter({ hasText: 'Check now: done' }).waitFor();
    await page.keyboard.press('Escape');
    const used = gateway.log.filter(({ msg }) => msg === 'a control was used').map(({ action }) => action);
    expect(used).toEqual(['isolate', 'release', 'reset', 'check']);
    expect(JSON.stringify(gateway.log)).not.toContain(TOKEN);
  }, 30_000);

  it('finds and sorts its backends, by keyboard alone [R33]', async () => {
    await page.getByRole('searchbox').focus();
    await page.keyboard.type('mem');
    expect(await page.locator('.card').allTextContents()).toHaveLength(1);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('memory');
    await page.keyboard.press('Enter');
    await page.locator('#detail[open]').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.locator('#detail[open]').count()).toBe(0);
    await page.getByRole('searchbox').fill('');
    await page.getByLabel('Sort by').selectOption('name');
    const names = await page.locator('.card .name').allTextContents();
    expect(names).toEqual(['everything', 'filesystem', 'memory']);
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 390],
  ] as const)(
    'is readable for everybody: %s, %i wide [R33]',
    async (colorScheme, width) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await picture(`${colorScheme}-${width}`);
      await judge();
      const tooWide = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
      expect(tooWide).toBe(false);
      await card('everything').click();
      await picture(`detail-${colorScheme}-${width}`);
      await judge();
      await page.keyboard.press('Escape');
    },
    30_000,
  );

  /** Asks axe, which finds nothing serious. */
  async function judge(): Promise<void> {
    await page.evaluate(AXE).catch(() => undefined);
    const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()');
    const found = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' ')}`);
    expect(found).toEqual([]);
  }

  it('asks nobody but its own server, and has nothing to complain of [R33] [R38]', () => {
    expect(asked.filter((url) => !url.startsWith(`${gateway.base}/`) && !url.startsWith('data:'))).toEqual(
      [],
    );
    // That a control was refused is said by the browser as well.
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
  });
});

describe.skipIf(!hasBrowser)('the live page of a gateway that asks for a token', () => {
  it('asks for it, shows nothing without it, and everything with it [R33] [R38]', async () => {
    const config = configuration(
      [memory(temporaryFolder())],
      {},
      {
        incomingAuth: { type: 'bearer', bearer: { tokenEnv: 'CLIENT_TOKEN' } },
      },
    );
    const gateway = await Served.start(config, [], {
      CLIENT_TOKEN: 'a-token-of-clients',
      BREAKWATER_ADMIN_TOKEN: TOKEN,
    });
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(gateway.base);
      const enter = async (token: string): Promise<void> => {
        await page.getByLabel('Token to look on').fill(token);
        await page.getByRole('button', { name: 'Enter' }).click();
      };
      await page.getByText('Who looks on must have a token here.').waitFor();
      await enter('a-wrong-token');
      await page.getByText('Who looks on must have a token here.').waitFor();
      expect(await page.locator('.card').count()).toBe(0);
      await enter(TOKEN);
      await page.locator('.card').filter({ hasText: 'healthy' }).click();
      await page.locator('#tools li').filter({ hasText: 'read_graph' }).waitFor();
      expect(await page.locator('#enter').isVisible()).toBe(false);
      await page.goto('about:blank');
      await page.goto(`${gateway.base}/#token=${TOKEN}`);
      await page.locator('.card').filter({ hasText: 'healthy' }).waitFor();
    } finally {
      await browser.close();
      await gateway.destroy();
    }
  }, 30_000);
});
