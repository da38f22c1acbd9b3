/** Rows whose input is in another language or script than nearly all the others: often a slip of a scraper or a translator. */
import { rowsPerStep, type DigestRows } from './digest-rows';
import { languageName } from './language';
import type { Findings } from './rule';

/** Rows whose language is known; fewer tell no rule. */
const fewestKnown = 20;
const share = 0.9;
const unknown = 0;

export function* findOtherLanguages(rows: DigestRows): Findings {
  if (rows.kind === 'image') return;
  const languages = rows.numbers('language');
  const main = mainLanguage(languages);
  if (main === undefined) return;
  for (let row = 0; row < rows.count; row++) {
    if (row % rowsPerStep === 0) yield undefined;
    const language = languages[row] ?? unknown;
    if (language === unknown || language === main.language) continue;
    const [found, most] = [languageName(language), languageName(main.language)];
    const message = `This text looks like ${found}; ${main.percent} % of the others are in ${most}. Remove it, or suppress this when the model is to know both.`;
    yield { code: 'other-language', place: rows.placeOf(row), path: rows.inputPathOf(row), message };
  }
}

/** The one that nearly all rows of known language have. */
function mainLanguage(languages: Uint32Array): { language: number; percent: number } | undefined {
  const counts = new Map<number, number>();
  for (const language of languages) if (language !== unknown) counts.set(language, (counts.get(language) ?? 0) + 1);
  const known = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const [language, count] = [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [unknown, 0]);
  return known < fewestKnown || count < share * known ? undefined : { language, percent: Math.floor((100 * count) / known) };
}
