import type { ChildProcess } from 'node:child_process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Scrape } from '../metrics/exposition.js';
import { httpBackend, memory } from './backends.js';
import { hasBrowser, launchBrowser } from './browser.js';
import { everything, freePort, kill, until } from './processes.js';
import { configuration, Served, temporaryFolder } from './served.js';

const TOKEN = 'a-token-for-one-run';
const NAMES = ['everything', 'memory'];

/** One change of a state, as every way of seeing it should tell it. */
interface Change {
  readonly sequence: number;
  readonly backend: string;
  /** `circuit` or `health`. */
  readonly what: string;
  /** `closed → open` */
  readonly change: string;
  readonly cause: string;
  readonly category: string | undefined;
}

function changeOf(event: Readonly<Record<string, unknown>>, type: string): Change {
  return {
    sequence: Number(event['sequence']),
    backend: String(event['backend']),
    what: type.replace('.changed', ''),
    change: `${String(event['from'])} → ${String(event['to'])}`,
    cause: String(event['cause']),
    category: event['category'] as string | undefined,
  };
}

const isChange = (type: unknown): type is string => typeof type === 'string' && type.endsWith('.changed');

/** One scripted run, seen in every way there is: what each shows must be the same. */
describe('every transition of a run', () => {
  let server: ChildProcess;
  let gateway: Served;
  let browser: Browser | undefined;
  let page: Page | undefined;
  let logged: readonly Change[];

  beforeAll(async () => {
    const port = await freePort();
    server = await everything(port);
    gateway = await Served.start(
      configuration([httpBackend('everything', port), memory(temporaryFolder())], {
        healthCheckInterval: '2s',
        healthCheckTimeout: '1s',
        unhealthyThreshold: 2,
        circuitBreaker: { enabled: true, failureThreshold: 3, timeout: '1s' },
      }),
      [],
      { BREAKWATER_ADMIN_TOKEN: TOKEN },
    );
    browser = hasBrowser ? await launchBrowser() : undefined;
    page = await browser?.newPage();
    await page?.goto(gateway.base);
    await run(port);
    logged = gateway.log.flatMap((line) => (isChange(line['event']) ? [changeOf(line, line['event'])] : []));
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await gateway.destroy();
    await kill(server);
  });

  /** A backend dies, is tried in vain, and comes back; another one is isolated and released. */
  async function run(port: number): Promise<void> {
    await gateway.serving();
    await kill(server);
    const client = await gateway.client();
    for (let call = 0; call < 3; call += 1) await client.call('everything_echo', { message: 'x' });
    await client.client.close();
    const openings = () => gateway.changes('everything').filter(({ to }) => to === 'open').length;
    await until('it was tried in vain', () => openings() >= 2);
    server = await everything(port);
    await control('memory', 'isolate');
    await gateway.circuit('everything', 'closed');
    await control('memory', 'release');
    await until('all is well', async () => {
      const { backends } = await gateway.status();
      return backends.every(({ health, circuit }) => health === 'healthy' && circuit === 'closed');
    });
  }

  async function control(backend: string, action: string): Promise<void> {
    const url = `${gateway.base}/api/backends/${backend}/${action}`;
    const answer = await fetch(url, { method: 'POST', headers: { Authorization: `Bearer ${TOKEN}` } });
    expect(answer.status).toBe(200);
  }

  it('is logged once and in order, and no half-open is missing [R32]', () => {
    const sequences = logged.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort((one, other) => one - other));
    const circuit = (name: string) =>
      logged.flatMap(({ backend, what, change }) => (backend === name && what === 'circuit' ? [change] : []));
    const story = circuit('everything');
    expect(story[0]).toBe('closed → open');
    expect(story.at(-1)).toBe('half-open → closed');
    expect(story.slice(1, -1)).toEqual(
      story.slice(1, -1).map((_, index) => (index % 2 === 0 ? 'open → half-open' : 'half-open → open')),
    );
    expect(story.length).toBeGreaterThanOrEqual(5);
    expect(circuit('memory')).toEqual(['closed → isolated', 'isolated → half-open', 'half-open → closed']);
    expect(logged.filter(({ what }) => what === 'health').length).toBeGreaterThanOrEqual(4);
  });

  it('is in the stream once and in the same order [R32]', async () => {
    const last = Math.max(...gateway.log.map(({ sequence }) => Number(sequence ?? 0)));
    const answer = await fetch(`${gateway.base}/api/events?since=0`);
    const streamed: Change[] = [];
    let text = '';
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes(`"sequence":${last},`)) break;
    }
    for (const [, type = '', data = ''] of text.matchAll(/^event: (.+)\ndata: (.+)$/gm))
      if (isChange(type)) streamed.push(changeOf(JSON.parse(data) as Record<string, unknown>, type));
    expect(streamed).toEqual(logged);
  });

  it.each(['circuit', 'health'])('is counted once among those of the %s [R32]', async (what) => {
    const scrape = new Scrape(await (await fetch(`${gateway.base}/metrics`)).text());
    const counted = NAMES.map((name) =>
      scrape.counted(`breakwater_${what}_transitions_total`, ({ backend }) => backend === name),
    );
    const expected = NAMES.map((name) => {
      const times: Record<string, number> = {};
      for (const { backend, what: kind, change, cause } of logged) {
        if (backend !== name || kind !== what) continue;
        const labels = `${change.replace(' → ', ' ')} ${cause}`;
        times[labels] = (times[labels] ?? 0) + 1;
      }
      return times;
    });
    expect(counted).toEqual(expected);
  });

  it.skipIf(!hasBrowser)(
    'is on the page once and in the same order, without a reload [R32] [R33]',
    async () => {
      if (!page) throw new Error('there is no page');
      for (const name of NAMES) {
        const card = page.locator('.card').filter({ has: page.getByText(name, { exact: true }) });
        await card.filter({ hasText: 'healthy' }).click();
        const own = logged.filter(({ backend }) => backend === name);
        await page.locator(`#transitions tr:nth-child(${own.length})`).waitFor();
        const rows = await page.locator('#transitions tr').all();
        const shown = await Promise.all(rows.map((row) => row.locator('td').allTextContents()));
        const changes = shown.reverse().filter(([, what]) => what !== 'backend');
        expect(changes.map((cells) => cells.slice(1))).toEqual(
          own.map(({ what, change, cause, category }) => [
            what,
            change,
            category === undefined ? cause : `${cause}: ${category}`,
          ]),
        );
        await page.keyboard.press('Escape');
      }
    },
    20_000,
  );
});
