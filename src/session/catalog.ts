/**
 * What one backend offers, as it sent it: entries are passed on whole, never compiled, validated or trimmed.
 * Only the key that names an entry is known to be a string.
 */
export interface Catalog {
  readonly tools: readonly ToolEntry[];
  readonly resources: readonly ResourceEntry[];
  readonly resourceTemplates: readonly ResourceTemplateEntry[];
  readonly prompts: readonly PromptEntry[];
  /** The capabilities the backend declared when it was initialised. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly serverInfo: { readonly name: string; readonly version: string };
  readonly instructions?: string;
  /** Protocol revision agreed on, e.g. `2025-11-25`. */
  readonly revision: string;
}

export interface ToolEntry {
  readonly name: string;
  readonly [key: string]: unknown;
}
export interface PromptEntry {
  readonly name: string;
  readonly [key: string]: unknown;
}
export interface ResourceEntry {
  readonly uri: string;
  readonly [key: string]: unknown;
}
export interface ResourceTemplateEntry {
  readonly uriTemplate: string;
  readonly [key: string]: unknown;
}
