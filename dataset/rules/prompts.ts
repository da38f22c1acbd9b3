/** One prompt in many rows: a model learns what to say to it and not much else. */
import { rowsPerStep, type DigestRows } from './digest-rows';
import type { Findings } from './rule';

const share = 0.05;
/** Of fewer, one in twenty says nothing. */
const fewestRows = 50;
const quotedLength = 60;

/** Of conversations and preferences; what the same prompt has for answers does not matter. */
export function* findRepeatedPrompts(rows: DigestRows): Findings {
  const isPrompted = rows.kind === 'chat' || rows.kind === 'preference' || rows.kind === 'unpaired-preference';
  if (!isPrompted || rows.count < fewestRows) return;
  const { first } = yield* rows.firstOfEqual('input');
  const counts = new Uint32Array(rows.count);
  for (const row of first) counts[row] = (counts[row] ?? 0) + 1;
  for (const [row, count] of counts.entries()) {
    if (row % rowsPerStep === 0) yield undefined;
    if (count > share * rows.count) yield describe(rows, row, count);
  }
}

function describe(rows: DigestRows, row: number, count: number) {
  const percent = Math.floor((100 * count) / rows.count);
  const found = count === rows.count ? `All ${count} rows have` : `${count} rows (${percent} %) have`;
  const prompt = rows.viewOf(row)?.input.text.trim() ?? '';
  const quoted = JSON.stringify(prompt.length > quotedLength ? `${prompt.slice(0, quotedLength)}…` : prompt);
  return {
    ...({ code: 'repeated-prompt', place: rows.placeOf(row), path: rows.inputPathOf(row) } as const),
    message: `${found} the prompt ${quoted}. Vary it, or keep fewer of these rows: a model learns what to say to this one prompt.`,
  };
}
