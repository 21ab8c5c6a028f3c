import { z } from 'zod';
import { ConfigFile } from './file-shape.js';

/** The JSON Schema (draft 7) of a configuration file, for editors: every key, ours marked as extensions. */
export function configSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(ConfigFile, {
    target: 'draft-7',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      // What is read from text loses its default on the way: the library takes it for that of the result.
      const { default: fallback } = z.globalRegistry.get(zodSchema) ?? {};
      if (fallback !== undefined) jsonSchema.default = fallback;
      if (jsonSchema.description === '') delete jsonSchema.description;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return { ...schema, title: 'breakwater configuration' };
}
