import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/cli/package-root.js';
import { command, serve } from './fake-host.js';

/** Files of the reference; they lie beside the repository, where they are at all. */
const folder = join(packageRoot(), '..', 'shared', 'fixtures', 'toolhive');
const isAbsent = !existsSync(folder);
const TOKEN = { GITHUB_API_TOKEN: 'hush-hush' };

const validate = (name: string, argv: readonly string[] = [], env: Record<string, string> = {}) =>
  command(['validate', '--config', join(folder, name), ...argv], env);

describe('the files of the reference', () => {
  it.skipIf(isAbsent)('vmcp-config.yaml is valid where its variable is set [R27]', async () => {
    const { code, out, err } = await validate('vmcp-config.yaml', [], TOKEN);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('  Name: engineering-vmcp\n  Group: engineering-team\n');
    expect(out).toContain('  Outgoing Auth: 1 backend configured (source: inline)\n');
    expect(out).toMatch(/│ circuitBreaker\.timeout +│ 1m0s +│ operational, line \d+ +│/);
    expect(out).toContain('"create_pr" is renamed to "gh_create_pr"');
    expect(out).not.toContain('hush-hush');
  });

  it.skipIf(isAbsent)('vmcp-config.yaml is refused without it, as the reference does [R27]', async () => {
    const { code, err } = await validate('vmcp-config.yaml');
    expect(code).toBe(1);
    expect(err).toContain('failed to process config');
    expect(err).toContain('backend github: environment variable GITHUB_API_TOKEN not set or empty');
  });

  it.skipIf(isAbsent)('vmcp_simple_discovered.yaml is valid, and says what it leaves out [R27]', async () => {
    const { code, out } = await validate('vmcp_simple_discovered.yaml');
    expect(code).toBe(0);
    expect(out).toContain('not set: it behaves as best_effort');
    expect(out).toContain('ignored: spec.outgoingAuth.source: nothing is discovered outside of Kubernetes');
    expect(out).not.toContain('refuses to start');
  });

  it.skipIf(isAbsent)('vmcp_production_full.yaml is valid, and not to be served [R29]', async () => {
    const { code, out } = await validate('vmcp_production_full.yaml');
    expect(code).toBe(0);
    expect(out).toContain('  Conflict Resolution: priority\n  Partial Failure Mode: fail\n');
    expect(out).toContain('refuses: spec.incomingAuth.type: incoming authentication "oidc"');
    expect(out).toContain('refuses: spec.incomingAuth.authzConfig: Cedar policies are not supported');
  });

  it.skipIf(isAbsent)(
    'of the three servers of vmcp_conflict_resolution.yaml one is chosen [R27]',
    async () => {
      const name = 'vmcp_conflict_resolution.yaml';
      const { code, err } = await validate(name);
      expect(code).toBe(1);
      expect(err).toContain('holds 3 VirtualMCPServer manifests');
      expect(err).toContain('choose one with --server');
      for (const strategy of ['prefix', 'priority']) {
        const chosen = await validate(name, ['--server', `vmcp-${strategy}-strategy`]);
        expect(chosen.code).toBe(0);
        expect(chosen.out).toContain(`  Conflict Resolution: ${strategy}\n`);
      }
      // The reference's operator lets it pass, and its server then refuses it in these words.
      const manual = await validate(name, ['--server', 'vmcp-manual-strategy']);
      expect(manual.code).toBe(1);
      expect(manual.err).toContain('conflictResolutionConfig is required');
    },
  );

  it.skipIf(isAbsent)('a manifest of another kind is refused with its kind [R27]', async () => {
    const { code, err } = await validate('crd-virtualmcpservers.yaml');
    expect(code).toBe(1);
    expect(err).toContain('the file holds no VirtualMCPServer, only CustomResourceDefinition');
  });

  it.skipIf(isAbsent)('those with open doors are not served, and nothing is started [R29]', async () => {
    const serving = serve(join(folder, 'vmcp_production_full.yaml'));
    expect(await serving.exitCode).toBe(1);
    expect(serving.host.stderr.text).toMatch(
      /^breakwater: refusing to start: .*\n {2}.*:168: refuses: spec\.incomingAuth\.type: .*\n {2}.*:172: refuses: spec\.incomingAuth\.authzConfig: .*\n$/,
    );
    expect(serving.created).toEqual([]);
  });
});
