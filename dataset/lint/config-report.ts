/** What is said of temper.json itself: its faults, files that are not there, suppressions that hide nothing. */
import { rules, type Problem, type ProblemCode, type Severity } from '../../protocol';
import { rangeInConfig } from '../config-text';
import type { FileLint } from './file-lint';
import { fingerprintText } from './fingerprint';
import type { LintedFile } from './linted-file';
import { comparePlaces } from './position';
import type { ProjectRoles } from './project-roles';

/** Suppressions are judged only when every rule has run, which the caller knows: `lints` are empty otherwise. */
export function reportConfig(roles: ProjectRoles, configFile: string, lints: readonly FileLint[]): LintedFile {
  const problems = [...roles.problems, ...findUnused(roles, lints)].sort(comparePlaces);
  const counts: Record<Severity, number> = { error: 0, warning: 0, information: 0 };
  const byCode = new Map<ProblemCode, number>();
  for (const { code, severity } of problems) {
    counts[severity]++;
    byCode.set(code, (byCode.get(code) ?? 0) + 1);
  }
  const figures = { rows: 0, labels: [], lengths: new Uint32Array(), suppressed: 0 };
  return {
    file: configFile,
    split: undefined,
    problems,
    summary: { ...figures, problems: counts, byCode },
    isComplete: true,
    fingerprintOf: ({ message }) => fingerprintText(message),
  };
}

function findUnused({ config, configText }: ProjectRoles, lints: readonly FileLint[]): Problem[] {
  const severity = config?.lint.rules['unused-suppression'] ?? rules['unused-suppression'].severity;
  if (!config || severity === 'off' || lints.length === 0) return [];
  const used = new Set(
    lints.flatMap(({ context }) => [...(context?.severities.used ?? [])].map((entry) => JSON.stringify(entry))),
  );
  const hasModel = lints.some(({ role }) => role.inputs !== undefined);
  return config.lint.suppress.flatMap((entry, index) => {
    if (used.has(JSON.stringify(entry)) || (entry.code === 'truncated-row' && !hasModel)) return [];
    const message = `This hides nothing any more: no problem "${entry.code}" is left where it looks. Remove it.`;
    const range = rangeInConfig(configText, { path: ['lint', 'suppress', String(index)], message });
    return [{ ...range, code: 'unused-suppression' as const, severity, message }];
  });
}
