/**
 * The language of a text as a small number that a digest can hold. Latin text is told by small words, endings and letters
 * and needs several words; other scripts stand for themselves, because which language a script writes takes more than this.
 * It would rather say "unknown" than a wrong language.
 */
import { latinLanguages } from './language-words';
import { mainScript, scriptOfUnit, scripts, type Script } from './language-scripts';

const unknown = 0;
/** What a script is called where a language is asked for. */
const scriptNames = { Kana: 'Japanese', Han: 'Chinese', Hangul: 'Korean' } satisfies Partial<Record<Script, string>>;
const names: readonly string[] = [
  'an unknown language',
  ...latinLanguages.map(({ name }) => name),
  ...scripts.slice(2).map((script) => (script in scriptNames ? scriptNames[script as keyof typeof scriptNames] : script)), // `in` has just said so
];

/** What is behind it does not change what a text is written in. */
const unitsRead = 2000;
const fewestWords = 6;
const fewestLetters = { Han: 8, others: 5 };
/** A word or an ending counts for less the more languages have it, and "a" or "i" may be a name for a thing. */
const weights = { word: 12, oneLetterWord: 3, ending: 4, letter: 4 };
/** Of the best language: its different marks, when one, and when several of them are in no other language here. */
const fewestMarks = { ofOne: 4, ofSeveral: 2 };
/** Of the best language, per word; and how far the second must stay behind. */
const enough = 2;
const clear = 0.7;

/** From 0, which is "unknown", to less than 64. */
export function languageCode(text: string): number {
  const length = Math.min(text.length, unitsRead);
  letters.fill(0);
  scores.fill(0);
  marks.fill(0);
  ownMarks.fill(0);
  let words = 0;
  let start = 0;
  for (let index = 0; index <= length; index++) {
    const script = index < length ? (scriptOfUnit[text.charCodeAt(index)] ?? 0) : 0;
    letters[script] = (letters[script] ?? 0) + 1;
    if (script === latin) continue;
    if (index > start && isWord(text, start, index)) {
      scoreWord(text, start, index);
      words++;
    }
    start = index + 1;
  }
  return decide(mainScript(letters), words);
}

/** Such as "German", "Japanese", "Cyrillic": it reads well behind "in". */
export function languageName(code: number): string {
  return names[code] ?? 'an unknown language';
}

function decide(script: Script, words: number): number {
  if (script === 'none') return unknown;
  if (script === 'Latin') return words < fewestWords ? unknown : bestLanguage(words);
  const found = letters[scripts.indexOf(script)] ?? 0;
  const isEnough = found >= (script === 'Han' ? fewestLetters.Han : fewestLetters.others);
  return isEnough ? latinLanguages.length + scripts.indexOf(script) - 1 : unknown;
}

function bestLanguage(words: number): number {
  let best = 0;
  let second = 0;
  let code = unknown;
  for (let language = 0; language < scores.length; language++) {
    const score = scores[language] ?? 0;
    if (score > best) [best, second, code] = [score, best, language + 1];
    else if (score > second) second = score;
  }
  return best >= enough * words && second <= clear * best && hasMarks(code) ? code : unknown;
}

function hasMarks(code: number): boolean {
  const own = bitCount(ownMarks[code - 1] ?? 0);
  return own > 0 && bitCount(marks[code - 1] ?? 0) >= (own === 1 ? fewestMarks.ofOne : fewestMarks.ofSeveral);
}

const latin = scripts.indexOf('Latin');
/** Of the text that is looked at; kept, because this runs for every row. */
const letters = new Uint32Array(scripts.length);
const scores = new Float64Array(latinLanguages.length);
/** One of 32 bits for each mark seen, two different ones seldom share theirs; and of those that only this language has. */
const marks = new Int32Array(latinLanguages.length);
const ownMarks = new Int32Array(latinLanguages.length);

const slotCount = 8192;
const lettersBelow = 0x1f00;
const seeds = { word: 0x811c9dc5, ending: 0x2f0b4c47, letter: 0x5bd1e995 };
const isGlue = Uint8Array.from({ length: 0x80 }, (_, code) =>
  '0123456789_/\\@#$<>{}[]=*+^~'.includes(String.fromCharCode(code)) ? 1 : 0,
);
const lowerCase = Uint16Array.from({ length: lettersBelow }, (_, code) => String.fromCharCode(code).toLowerCase().charCodeAt(0));
/** Open addressing: hashes, and for each the languages as bits. */
const hashes = new Int32Array(slotCount);
const languagesOfSlot = new Int32Array(slotCount);
for (const [language, { words, endings, letters: own }] of latinLanguages.entries()) {
  for (const word of words.split(' ')) enter(seeds.word, word, language);
  for (const ending of endings.split(' ')) enter(seeds.ending, ending, language);
  for (const letter of own) enter(seeds.letter, letter, language);
}

/** Names of files, variables and hosts are no words. */
function isWord(text: string, start: number, end: number): boolean {
  return isGlue[text.charCodeAt(start - 1)] !== 1 && isGlue[text.charCodeAt(end)] !== 1;
}

function scoreWord(text: string, start: number, end: number): void {
  add(hashOf(seeds.word, text, start, end), end - start === 1 ? weights.oneLetterWord : weights.word);
  if (end - start > 4) add(hashOf(seeds.ending, text, end - 3, end), weights.ending);
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) add(hashOf(seeds.letter, text, index, index + 1), weights.letter);
  }
}

function add(hash: number, weight: number): void {
  const slot = slotOf(hash);
  const languages = languagesOfSlot[slot] ?? 0;
  if (languages === 0) return;
  const count = bitCount(languages);
  for (let rest = languages; rest !== 0; rest &= rest - 1) {
    const language = 31 - Math.clz32(rest & -rest);
    scores[language] = (scores[language] ?? 0) + weight / count;
    marks[language] = (marks[language] ?? 0) | (1 << (slot & 31));
    if (count === 1) ownMarks[language] = (ownMarks[language] ?? 0) | (1 << (slot & 31));
  }
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

function hashOf(seed: number, text: string, start: number, end: number): number {
  let hash = seed;
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    hash = Math.imul(hash ^ (lowerCase[code] ?? code), 0x01000193);
  }
  return hash;
}

function enter(seed: number, mark: string, language: number): void {
  const hash = hashOf(seed, mark, 0, mark.length);
  const slot = slotOf(hash);
  hashes[slot] = hash;
  languagesOfSlot[slot] = (languagesOfSlot[slot] ?? 0) | (1 << language);
}

/** Where the hash is, or would be. */
function slotOf(hash: number): number {
  let slot = (hash ^ (hash >>> 15)) & (slotCount - 1);
  while (languagesOfSlot[slot] !== 0 && hashes[slot] !== hash) slot = (slot + 1) & (slotCount - 1);
  return slot;
}
