import type { ChildProcess } from 'node:child_process';
import { createWebSocketReceiver } from '@statelyai/inspect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpBackend, memory } from './backends.js';
import { hasBrowser, launchBrowser } from './browser.js';
import { everything, freePort, kill, until } from './processes.js';
import { configuration, Served, temporaryFolder } from './served.js';

const TOKEN = 'a-token-for-the-inspector';

/** Plays the part of Stately's page in its frame: it says that it is there, and writes down what it is told. */
const STATELY = `<!doctype html><title>A stand-in</title><ol></ol><script>
  addEventListener('message', ({ data, origin }) => {
    const line = document.createElement('li');
    const { type, name = '', snapshot } = data;
    line.textContent = [origin, type, name, JSON.stringify(snapshot?.value?.circuit)].join(' ');
    document.querySelector('ol').append(line);
  });
  parent.postMessage({ type: '@statelyai.connected' }, '*');
</script>`;

interface Message {
  readonly type: string;
  readonly name?: string;
  readonly sessionId: string;
  readonly snapshot?: { readonly value?: { readonly circuit?: unknown } };
}

/** A gateway that is inspected, its backends real processes of which one is killed. */
describe('serve --inspect', () => {
  let port: number;
  let server: ChildProcess;
  let gateway: Served;
  let relay: string;

  beforeAll(async () => {
    port = await freePort();
    server = await everything(port);
    const failureHandling = {
      healthCheckInterval: '3s',
      healthCheckTimeout: '1s',
      unhealthyThreshold: 2,
      circuitBreaker: { enabled: true, failureThreshold: 3, timeout: '4s' },
    };
    const backends = [httpBackend('everything', port), memory(temporaryFolder())];
    const config = configuration(backends, failureHandling);
    gateway = await Served.start(config, ['--inspect', '0'], { BREAKWATER_ADMIN_TOKEN: TOKEN });
    relay = String(gateway.find('listening')?.['inspectorUrl']);
    await gateway.serving();
  }, 30_000);

  afterAll(async () => {
    await gateway.destroy();
    await kill(server);
  });

  it('shows who comes after a kill that the circuit is open, then how it recovers [R33]', async () => {
    await kill(server);
    const client = await gateway.client();
    for (let call = 0; call < 3; call += 1) await client.call('everything_echo', { message: 'x' });
    await client.client.close();
    await gateway.circuit('everything', 'open');
    const seen: Message[] = [];
    createWebSocketReceiver({ server: `${relay.replace('http', 'ws')}?token=${TOKEN}` }).subscribe(
      (message) => seen.push(message as unknown as Message),
    );
    const own = await until('the backend is introduced', () =>
      seen.find(({ name }) => name === 'backend:everything'),
    );
    expect(own).toMatchObject({ type: '@xstate.actor', snapshot: { value: { circuit: 'open' } } });
    server = await everything(port);
    const circuits = () =>
      seen
        .filter(({ type, sessionId }) => type === '@xstate.snapshot' && sessionId === own.sessionId)
        .map(({ snapshot }) => JSON.stringify(snapshot?.value?.circuit));
    await until('the circuit closes', () => circuits().at(-1)?.includes('closed') === true);
    expect(circuits()[0]).toBe('"open"');
    expect(circuits().some((circuit) => circuit.includes('halfOpen'))).toBe(true);
  }, 30_000);

  it.skipIf(!hasBrowser)(
    "hands it to Stately's page in a frame, and nothing else leaves the machine [R33] [R38]",
    async () => {
      const browser = await launchBrowser();
      try {
        const page = await browser.newPage();
        const asked: string[] = [];
        const complaints: string[] = [];
        page.on('console', (said) => {
          if (said.type() === 'error') complaints.push(said.text());
        });
        await page.context().route('https://stately.ai/**', (route) => {
          asked.push(`${route.request().url()} ${route.request().headers()['referer'] ?? 'no referrer'}`);
          return route.fulfill({ contentType: 'text/html', body: STATELY });
        });
        await page.goto(`${relay}#token=${TOKEN}`);
        const lines = page.frameLocator('iframe').locator('li');
        await lines.filter({ hasText: '@xstate.actor backend:everything {"closed":"steady"}' }).waitFor();
        await lines.filter({ hasText: '@xstate.snapshot  {"closed":"steady"}' }).first().waitFor();
        expect(await lines.first().textContent()).toMatch(`${new URL(relay).origin} @xstate.actor`);
        expect(await page.locator('#state').textContent()).toBe('');
        expect(asked).toEqual(['https://stately.ai/inspect no referrer']);
        expect(complaints).toEqual([]);

        await page.goto('about:blank');
        await page.goto(`${relay}#token=wrong`);
        await page.locator('#state').filter({ hasText: 'not to this token' }).waitFor();
        expect(await lines.count()).toBe(0);
      } finally {
        await browser.close();
      }
    },
    30_000,
  );
});
