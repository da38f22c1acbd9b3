/** Looks at image files for linting: decodes them, as training would, and reads how they are turned. Never throws. */
import type { ImageInspector, InspectedImage } from '../dataset/lint/linted-file';
import { RunFailure } from '../protocol';
import { readOriented } from './images/decode';
import { loadSharp } from './images/sharp';

export function createImageInspector(): ImageInspector {
  return { inspect };
}

async function inspect(file: string): Promise<InspectedImage> {
  try {
    loadSharp();
  } catch (thrown) {
    return { kind: 'unavailable', reason: `the image library cannot be loaded: ${String(thrown)}` };
  }
  try {
    const { width, height, orientation } = await readOriented(file);
    return { kind: 'ok', width, height, orientation };
  } catch (thrown) {
    return { kind: 'unreadable', reason: reasonOf(thrown, file) };
  }
}

/** The end of a sentence, without the name of the file. */
function reasonOf(thrown: unknown, file: string): string {
  const message = thrown instanceof RunFailure ? thrown.error.message : String(thrown);
  return message.replace(`Reading the image ${file} failed: `, '').replace(/\.$/, '');
}
