/** Which script a character is of, by one look into a table. Only the scripts that much text is written in. */

export const scripts = [
  'none',
  'Latin',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Thai',
  'Armenian',
  'Georgian',
  'Amharic',
  'Hangul',
  'Han',
  'Kana',
] as const;
export type Script = (typeof scripts)[number];

/** First and last code unit of letters and of the marks that stand on them. */
const ranges: readonly (readonly [Script, number, number])[] = [
  ['Latin', 0x41, 0x5a],
  ['Latin', 0x61, 0x7a],
  ['Latin', 0xc0, 0x24f],
  ['none', 0xd7, 0xd7],
  ['none', 0xf7, 0xf7],
  ['Latin', 0x1e00, 0x1eff],
  ['Latin', 0xff21, 0xff3a],
  ['Latin', 0xff41, 0xff5a],
  ['Greek', 0x370, 0x3ff],
  ['Greek', 0x1f00, 0x1fff],
  ['Cyrillic', 0x400, 0x52f],
  ['Armenian', 0x531, 0x587],
  ['Hebrew', 0x5d0, 0x5ea],
  ['Arabic', 0x620, 0x65f],
  ['Arabic', 0x66e, 0x6d3],
  ['Arabic', 0x750, 0x77f],
  ['Arabic', 0xfb50, 0xfdff],
  ['Arabic', 0xfe70, 0xfefc],
  ['Devanagari', 0x900, 0x963],
  ['Bengali', 0x980, 0x9e3],
  ['Tamil', 0xb80, 0xbd7],
  ['Thai', 0xe01, 0xe4e],
  ['Georgian', 0x10a0, 0x10ff],
  ['Amharic', 0x1200, 0x137f],
  ['Hangul', 0x1100, 0x11ff],
  ['Hangul', 0x3130, 0x318f],
  ['Hangul', 0xac00, 0xd7a3],
  ['Kana', 0x3041, 0x309f],
  ['Kana', 0x30a1, 0x30ff],
  ['Kana', 0xff66, 0xff9f],
  ['Han', 0x3400, 0x4dbf],
  ['Han', 0x4e00, 0x9fff],
  ['Han', 0xf900, 0xfaff],
];

/** The index in `scripts` for every UTF-16 unit; 0 for what is no letter, and for what two units make. */
export const scriptOfUnit = createTable();

function createTable(): Uint8Array {
  const table = new Uint8Array(0x10000);
  for (const [script, first, last] of ranges) table.fill(scripts.indexOf(script), first, last + 1);
  return table;
}

const fewestLetters = 3;

/** The script of at least three letters and four fifths of all letters; Han and Kana together are Kana, as Japanese is. */
export function scriptOf(text: string): Script {
  const counts = new Uint32Array(scripts.length);
  for (let index = 0; index < text.length; index++) {
    const script = scriptOfUnit[text.charCodeAt(index)] ?? 0;
    counts[script] = (counts[script] ?? 0) + 1;
  }
  return mainScript(counts);
}

/** `counts` has the letters of each script, by its index. */
export function mainScript(counts: Uint32Array): Script {
  const of = (script: Script) => counts[scripts.indexOf(script)] ?? 0;
  let letters = 0;
  let most = 1;
  for (let script = 1; script < counts.length; script++) {
    letters += counts[script] ?? 0;
    if ((counts[script] ?? 0) > (counts[most] ?? 0)) most = script;
  }
  if (letters < fewestLetters) return 'none';
  const japanese = of('Kana') + of('Han');
  if (of('Kana') * 10 > japanese && japanese >= letters * 0.8) return 'Kana';
  return (counts[most] ?? 0) >= letters * 0.8 ? (scripts[most] ?? 'none') : 'none';
}
