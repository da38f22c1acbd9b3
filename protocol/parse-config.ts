/**
 * From unknown JSON to a `RunConfig`, or to one error that names every wrong key with its path and the nearest right
 * name. Knows nothing of files: the caller has read the text and can turn a path into a line.
 */
import { z } from 'zod';
import { runConfigSchema, type RunConfig } from './config';
import { nearestName } from './nearest-name';

/** One thing wrong in the config; `path` leads to it from the top, for instance `['training', 'learningrate']`. */
export interface ConfigProblem {
  readonly path: readonly string[];
  readonly message: string;
}

export type ParsedConfig =
  | { readonly kind: 'valid'; readonly config: RunConfig }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] };

export function parseConfig(input: unknown): ParsedConfig {
  const parsed = runConfigSchema.safeParse(input);
  if (parsed.success) {
    const config = settleMetric(parsed.data, input);
    const problems = findContradictions(config);
    return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'valid', config };
  }
  return { kind: 'invalid', problems: parsed.error.issues.flatMap((issue) => describeIssue(issue, input)) };
}

/** Where a model learns to write, the loss says more than the share of right tokens. */
function settleMetric(config: RunConfig, input: unknown): RunConfig {
  const asked = isRecord(input) && isRecord(input['evaluation']) ? input['evaluation']['metric'] : undefined;
  if (config.task.type !== 'instruction-tuning' || asked !== undefined) return config;
  return { ...config, evaluation: { ...config.evaluation, metric: 'loss' } };
}

/** Settings that are right by themselves and mean nothing to the task. */
function findContradictions({ task, data, evaluation }: RunConfig): ConfigProblem[] {
  if (task.type !== 'instruction-tuning') return [];
  const metric = '"evaluation.metric": macroF1 is of labels, and instruction tuning has none. Set it to "loss" or "accuracy".';
  const labels = '"data.labels": instruction tuning has no labels. Remove it.';
  return [
    ...(evaluation.metric === 'macroF1' ? [{ path: ['evaluation', 'metric'], message: metric }] : []),
    ...(data.labels ? [{ path: ['data', 'labels'], message: labels }] : []),
  ];
}

function describeIssue(issue: z.core.$ZodIssue, input: unknown): ConfigProblem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], input));
  if ('options' in issue && Array.isArray(issue.options)) return [unknownType(path, issue.options.map(String), input)];
  return [{ path, message: `"${path.join('.') || 'temper.json'}": ${issue.message}` }];
}

/** What the `type` of a task or a method can be. */
function unknownType(path: readonly string[], known: readonly string[], input: unknown): ConfigProblem {
  const given = path.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), input);
  const nearest = typeof given === 'string' ? nearestName(given, known) : undefined;
  const advice = nearest === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean "${nearest}"?`;
  const found = given === undefined ? 'is missing' : `is ${JSON.stringify(given)}, which there is not`;
  return { path, message: `"${path.join('.')}" ${found}. ${advice}` };
}

function unknownKey(path: readonly string[], input: unknown): ConfigProblem {
  const key = path.at(-1) ?? '';
  const known = keysAt(path.slice(0, -1), input);
  const nearest = nearestName(key, known);
  const advice = nearest === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean "${nearest}"?`;
  return { path, message: `"${path.join('.')}" is not a setting. ${advice}` };
}

/** The keys that may stand in the object at `path`; of a union, those of the member whose `type` the input has. */
function keysAt(path: readonly string[], input: unknown): string[] {
  let schema: unknown = z.toJSONSchema(runConfigSchema, { io: 'input' });
  let value = input;
  for (const key of path) {
    schema = propertiesOf(schema, value).get(key);
    value = isRecord(value) ? value[key] : undefined;
  }
  return [...propertiesOf(schema, value).keys()];
}

function propertiesOf(schema: unknown, value: unknown): Map<string, unknown> {
  if (!isRecord(schema)) return new Map();
  const members = [schema, ...list(schema['anyOf']), ...list(schema['oneOf'])].flatMap((member) =>
    isRecord(member) && isRecord(member['properties']) ? [member['properties']] : [],
  );
  const fitting = members.filter(({ type }) => isRecord(value) && isRecord(type) && type['const'] === value['type']);
  return new Map((fitting.length > 0 ? fitting : members).flatMap((properties) => Object.entries(properties)));
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
