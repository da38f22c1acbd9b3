/** `lint` in temper.json: how much each rule matters here, and what is known and accepted, with the reason. */
import { z } from 'zod';
import { problemCodes, severities } from './rules';

const codeSchema = z.enum(problemCodes);

export const suppressionSchema = z.strictObject({
  code: codeSchema.describe('The rule that is silent here.'),
  file: z.string().min(1).optional().describe('Only in this file, relative to temper.json.'),
  row: z
    .string()
    .regex(/^[0-9a-f]{12}$/)
    .optional()
    .describe('Only for the row with this fingerprint; "Suppress for this row" in the editor writes it.'),
  reason: z.string().trim().min(1).describe('Why this is right as it is.'),
});
export type Suppression = z.infer<typeof suppressionSchema>;

export const lintSchema = z
  .strictObject({
    rules: z
      .partialRecord(codeSchema, z.enum([...severities, 'off']))
      .default({})
      .describe(
        'What a rule costs: error, warning, information or off. Rows that cannot be read are left out of training when their rule is no error, and the run says so.',
      ),
    suppress: z.array(suppressionSchema).default([]).describe('What is known and accepted.'),
  })
  .describe('How the data is linted.');

export type LintConfig = z.infer<typeof lintSchema>;
