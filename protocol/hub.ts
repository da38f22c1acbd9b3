/** How a model of the Hugging Face Hub is named, and what `temper pull` says of it, a JSON line each. The editor reads these lines. */
import { z } from 'zod';

export interface HubModelName {
  /** `org/name`; a few old models have no organisation. */
  readonly repository: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

export const defaultRevision = 'main';

const longestPart = 96;
const namePart = /^\w(?:[\w.-]*\w)?$/;
const revisionPart = /^\w[\w.+-]*$/;

/** `org/name` or `org/name@revision`, by the Hub's own rules; nothing for any other text. A path on the disk may look the same. */
export function parseHubModelName(text: string): HubModelName | undefined {
  const [repository = '', revision = defaultRevision, ...more] = text.split('@');
  const parts = repository.split('/');
  const isName = parts.length <= 2 && parts.every((part) => part.length <= longestPart && namePart.test(part));
  const isPlain = !/--|\.\.|\.git$/.test(repository) && !revision.includes('..');
  const isRevision = revision.length <= 255 && revision.split('/').every((part) => revisionPart.test(part));
  return isName && isPlain && isRevision && more.length === 0 ? { repository, revision } : undefined;
}

export function formatHubModelName({ repository, revision }: HubModelName): string {
  return revision === defaultRevision ? repository : `${repository}@${revision}`;
}

/** What a download would bring, before it begins. */
export const pullPlanSchema = z.object({
  kind: z.literal('plan'),
  /** As it stands in temper.json. */
  model: z.string(),
  /** What the revision is at the moment; everything comes from this commit. */
  commit: z.string(),
  /** The server. */
  source: z.string(),
  /** Where the model will lie. */
  dir: z.string(),
  files: z.array(z.object({ path: z.string(), bytes: z.number().int().nonnegative(), isCached: z.boolean() })),
  totalBytes: z.number().int().nonnegative(),
  /** What is to be downloaded; parts of broken downloads count as there. */
  missingBytes: z.number().int().nonnegative(),
});
export type PullPlan = z.infer<typeof pullPlanSchema>;

/** A few times a second while `file` is downloaded, and at its end. */
export const pullProgressSchema = z.object({
  kind: z.literal('progress'),
  file: z.string(),
  fileBytes: z.number().int().nonnegative(),
  fileTotalBytes: z.number().int().nonnegative(),
  /** Of the whole model, with what was there already. */
  bytes: z.number().int().nonnegative(),
  totalBytes: z.number().int().nonnegative(),
});
export type PullProgress = z.infer<typeof pullProgressSchema>;

/** In the units of the Hub's own pages: thousands. */
export function formatSize(bytes: number): string {
  if (bytes < 1e3) return `${bytes} bytes`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
