import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createHttpServer } from '../../src/http/server.js';
import type { Log } from '../../src/logging/log.js';
import { silent } from '../../src/logging/log.js';
import { FakeVmcp } from './fake-vmcp.js';

async function served(vmcp: FakeVmcp, log: Log = silent): Promise<URL> {
  const server = createHttpServer({ vmcp, name: 'demo', groupRef: 'group', version: '1', log });
  onTestFinished(() => server.close());
  return new URL(`${await server.listen(0, '127.0.0.1')}/metrics`);
}

/** `fetch` will not set Host; this does. */
function statusFor(url: URL, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('/metrics says what the gateway says, as what it says it is [R31]', async () => {
  const vmcp = new FakeVmcp();
  vmcp.onMetrics = () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'ü 1\n' });
  const response = await fetch(await served(vmcp));
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/plain; version=0.0.4',
    'content-length': '5',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  expect(await response.text()).toBe('ü 1\n');
});

test('/metrics is for allowed hosts and origins only [R38]', async () => {
  const url = await served(new FakeVmcp());
  expect(await statusFor(url, {})).toBe(200);
  expect(await statusFor(url, { Host: 'evil.example' })).toBe(403);
  expect(await statusFor(url, { Origin: 'https://evil.example' })).toBe(403);
});

test('metrics that are switched off are said to be [R27] [R31]', async () => {
  const vmcp = new FakeVmcp();
  vmcp.onMetrics = () => undefined;
  const response = await fetch(await served(vmcp));
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('telemetry.enablePrometheusMetricsPath is false');
});

test('metrics that cannot be had cost one request, and are logged [R31]', async () => {
  const vmcp = new FakeVmcp();
  const logged: string[] = [];
  const error = (_: object, message: string): void => void logged.push(message);
  const url = await served(vmcp, { ...silent, error });
  vmcp.onMetrics = () => Promise.reject(new Error('boom'));
  const response = await fetch(url);
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('boom');
  expect(logged).toEqual(['an endpoint failed']);
  vmcp.onMetrics = () => Promise.resolve({ contentType: 'text/plain', text: '' });
  expect((await fetch(url)).status).toBe(200);
});
