/** The text of a temper.json: what is wrong with it, and where. It reads no files. */
import { parseConfig, type ConfigProblem, type Problem, type TextRange } from '../protocol';
import { findJsonFault } from './json-fault';
import { locateJson, type JsonPlace, type Span } from './json-locate';
import { createLineIndex } from './text-position';

/** Every fault of the config at its place. A text that is not JSON has that one fault only. */
export function lintConfigText(text: string): Problem[] {
  const fault = findJsonFault(text);
  if (fault) return [badConfig(createLineIndex(text).rangeOf(fault.start, fault.end), fault.message)];
  return lintConfigValue(text, JSON.parse(text));
}

/** The faults of `value`, which is the JSON in `text`, perhaps with settings applied. */
export function lintConfigValue(text: string, value: unknown): Problem[] {
  const parsed = parseConfig(value);
  if (parsed.kind === 'valid') return [];
  const problems = parsed.problems.map((problem) => badConfig(rangeInConfig(text, problem), problem.message));
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Where a wrong value stands, or the name of a key that should not be there or holds too little. */
export function rangeInConfig(text: string, { path, message }: ConfigProblem): TextRange {
  const { place, isWhole } = nearestPlace(text, path);
  const isAboutKey = !isWhole || message.includes('is not a setting');
  return createLineIndex(text).rangeOf(...offsetsOf(isAboutKey ? (place.key ?? opener(place)) : place.value));
}

/** The place at the end of `path`, or of the longest part of it that is there. */
function nearestPlace(text: string, path: readonly string[]): { place: JsonPlace; isWhole: boolean } {
  for (let length = path.length; length > 0; length--) {
    const place = locateJson(text, path.slice(0, length));
    if (place) return { place, isWhole: length === path.length };
  }
  const whole = locateJson(text, []) ?? { value: { start: 0, end: 0 } };
  return { place: whole, isWhole: path.length === 0 && text[whole.value.start] !== '{' };
}

function opener(place: JsonPlace): Span {
  return { start: place.value.start, end: Math.min(place.value.end, place.value.start + 1) };
}

function offsetsOf(span: Span): [number, number] {
  return [span.start, span.end];
}

function badConfig(range: TextRange, message: string): Problem {
  return { ...range, code: 'bad-config', severity: 'error', message };
}
