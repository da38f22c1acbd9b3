/** Files of clean rows with 25 defects of known kinds in them, each on a line that is known: what does a checker see? */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProblemCode } from '../protocol';
import type { LabelledText } from './classification-data';
import { formatRow, RowMaker, type DataFormat } from './lint-data';

export interface Planted {
  readonly code: ProblemCode;
  readonly line: number;
}

const cleanRows = 4000;
const every = 150;
/** For the texts of a twin and its like: longer than those of the other rows, and not like them. */
const twinText = 'the machine at the airport kept my card yesterday evening and nobody there could open it again for me';

/** A defect, as a row that is not right or as text that is no row. */
type Defect = readonly [code: ProblemCode, text: string | LabelledText];

const inContent: readonly Defect[] = [
  ['duplicate-row', { text: twinText, label: 'card_swallowed' }],
  ['duplicate-row', { text: ` ${twinText.replaceAll(' ', '  ')}`, label: 'card_swallowed' }],
  ['near-duplicate', { text: `${twinText} please`, label: 'card_swallowed' }],
  ['near-duplicate', { text: `${twinText}, sorry!`, label: 'card_swallowed' }],
  ['conflicting-labels', { text: twinText, label: 'lost_or_stolen_card' }],
  ['label-typo', { text: 'when will the card that I ordered arrive at my new home?', label: 'card_arival' }],
  ['label-typo', { text: 'may I have my money back for the broken kettle?', label: 'Refund_not_showing_upp' }],
  ['secret', { text: 'my login stopped working, the key is AKIAQ7XHM2LPZ5RT3WCD', label: 'unable_to_verify_identity' }],
  ['personal-data', { text: 'write to marta.kowalska@poczta-firmowa.pl when it is there', label: 'card_arrival' }],
  ['mojibake', { text: 'the cafÃ© did not take my card, it said â€œdeclinedâ€\u009d', label: 'card_not_working' }],
  ['null-character', { text: 'the app shows\u0000 nothing at all', label: 'card_not_working' }],
  ['empty-field', { text: '', label: 'card_arrival' }],
  ['empty-field', { text: 'where is the nearest machine?', label: '' }],
];

const inJson: readonly Defect[] = [
  ['invalid-json', '{"text": "is there a fee?", "label": "card_payment_fee_charged",}'],
  ['invalid-json', "{'text': 'is there a charge?', 'label': 'card_payment_fee_charged'}"],
  ['invalid-json', '{"text": "the row is cut off in the mid'],
  ['not-an-object', '["how do I top up?", "top_up_failed"]'],
  ['not-an-object', '"how do I top up in euros?"'],
  ['missing-field', '{"text": "a question that nobody labelled"}'],
  ['missing-field', '{"text": "a typing error in the key", "lable": "card_arrival"}'],
  ['wrong-type', '{"text": 17, "label": "card_arrival"}'],
  ['wrong-type', '{"text": "two labels in a list", "label": ["card_arrival", "card_linking"]}'],
  ['duplicate-key', '{"text": "first", "text": "second of one row", "label": "card_arrival"}'],
  ['blank-line', ''],
  ['blank-line', '   '],
];

const inCells: readonly Defect[] = [
  ['ragged-row', 'a question that nobody labelled'],
  ['ragged-row', 'another one of those'],
  ['ragged-row', 'no quotes, though it has a comma,card_arrival'],
  ['ragged-row', 'an account, a card, and no quotes,card_arrival'],
  ['ragged-row', 'with a score,card_arrival,0.97'],
  ['ragged-row', 'with a name and a score,card_arrival,marta,0.91'],
  ['unclosed-quote', '"he said so and never stopped,card_arrival'],
  ['blank-line', ''],
  ['blank-line', ''],
  ['blank-line', ''],
  ['empty-field', ',card_linking'],
  ['empty-field', 'the one without a label is here,'],
];

/** Writes the file and says what stands where. */
export function writeDefects(dir: string, format: DataFormat): { file: string; planted: Planted[] } {
  const file = join(dir, `defects.${format}`);
  const maker = new RowMaker({ seed: 25, twins: 0 });
  const defects = [...(format === 'csv' ? inCells : inJson), ...inContent];
  const lines = format === 'csv' ? ['text,label\n'] : [];
  const planted: Planted[] = [];
  lines.push(formatRow({ text: twinText, label: 'card_swallowed' }, format));
  for (let row = 1; row < cleanRows; row++) {
    lines.push(formatRow(maker.next(), format));
    const defect = row % every === 0 ? defects[planted.length] : undefined;
    if (!defect) continue;
    const [code, text] = defect;
    lines.push(typeof text === 'string' ? `${text}\n` : formatRow(text, format));
    planted.push({ code, line: lines.length });
  }
  writeFileSync(file, lines.join(''));
  return { file, planted };
}
