/** What linting cannot do by itself: read models, and pictures. For who starts it: the command line, the editor, a run. */
import type { LintTools } from '../dataset/lint/linted-file';
import { createImageInspector } from './image-inspector';
import { readModelInputs } from './model-inputs';

/** Nothing is loaded before it is asked for. */
export function createLintTools(): LintTools & Required<LintTools> {
  return { readInputs: readModelInputs, images: createImageInspector() };
}
