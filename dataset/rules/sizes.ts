/** Whether there are enough training rows for fine-tuning to beat a good prompt. */
import type { DigestRows } from './digest-rows';
import type { Findings } from './rule';

/** The field fine-tunes on 100 to 100,000 rows. */
const fewestRows = 100;

export function* findTooFewRows({ count }: DigestRows): Findings {
  if (count === 0 || count >= fewestRows) return;
  const found = count === 1 ? 'There is one training row' : `There are ${count} training rows`;
  const message = `${found}. Fine-tuning begins to pay at about ${fewestRows}: add rows, or expect results that change from seed to seed.`;
  yield { code: 'too-few-rows', place: undefined, path: [], message };
}
