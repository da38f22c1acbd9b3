/** Temper: Show Dataset Report. What linting knows of the data files of a project: rows, labels, lengths, problems. */
import type { App } from '../app';
import { messages } from '../messages';
import { pickProject } from '../pick-project';

/** `argument` may name the project: `{ projectDir }`. */
export async function showDatasetReport(app: App, argument?: unknown): Promise<void> {
  const projectDir = await pickProject(app, argument, messages.reportTitle);
  if (projectDir !== undefined) app.reports.show(projectDir);
}
