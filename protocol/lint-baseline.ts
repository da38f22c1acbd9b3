/** A baseline file of `temper lint`: problems that are known, so that only new ones count. */
import { z } from 'zod';
import { problemCodes } from './rules';

export const baselineEntrySchema = z.strictObject({
  /** Relative to the folder of the baseline, with forward slashes. */
  file: z.string().min(1),
  code: z.enum(problemCodes),
  /** Of the row, so that the entry holds when lines move. */
  fingerprint: z.string(),
  /** How many such problems there are. */
  count: z.int().min(1),
});
export type BaselineEntry = z.infer<typeof baselineEntrySchema>;

export const baselineSchema = z.strictObject({ version: z.literal(1), problems: z.array(baselineEntrySchema) });
export type Baseline = z.infer<typeof baselineSchema>;
