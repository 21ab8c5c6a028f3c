import { expect, it } from 'vitest';
import { matchTemplate } from '../../src/gateway/uri-template.js';

it.each([
  ['file:///a/b', ['file:///{path}', 'http://{x}'], 'file:///{path}'],
  ['file:///a/b.txt', ['file:///{path}', 'file:///{path}.txt'], 'file:///{path}.txt'],
  ['db://users/7/posts', ['db://{table}/{id}/posts', 'db://users/{id}/posts'], 'db://users/{id}/posts'],
  ['x://1', ['x://{a}', 'x://{b}'], 'x://{a}'],
  ['aba', ['ab{x}ba'], undefined],
  ['other://x', ['file:///{path}'], undefined],
])('%s is of %j: %s [R26]', (uri, templates, expected) => {
  expect(matchTemplate(uri, templates)).toBe(expected);
});

/** Not the time: the machine may be busy with others. */
const cpuMs = () => process.cpuUsage().user / 1000;

it('templates and URIs made to explode a pattern are compared in linear time [R35]', () => {
  const hostile = [
    ...Array.from({ length: 2000 }, (_, index) => `x://${index}${'{a*}{b*}'.repeat(50)}(a+)+$`),
    `x://${'{'.repeat(100_000)}`,
  ];
  const startedAt = cpuMs();
  expect(matchTemplate(`x://${'a'.repeat(1_000_000)}!`, hostile)).toBeUndefined();
  expect(cpuMs() - startedAt).toBeLessThan(1000);
});
