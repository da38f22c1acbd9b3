/** Files for tests of the rules that look at whole files: rows as training has them, cut into blocks of three. */
import { createDigestBuilder, type BlockDigest } from '../../../dataset/rules/digest';
import type { DigestedFile, FileFinding, Findings, RowPlace } from '../../../dataset/rules/rule';
import type { DataRow } from '../../../dataset/shapes/rows';
import type { RowText, RowView } from '../../../dataset/shapes/shape';
import type { Split } from '../../../protocol';

export type Row = readonly [DataRow, RowView];
const rowsPerBlock = 3;
const line = 1;
const nothing: RowText = { path: [], text: '' };

export function digestRows(
  rows: readonly Row[],
  { split, perBlock = rowsPerBlock }: Options = { split: 'train' },
): DigestedFile<BlockDigest> {
  const blocks: BlockDigest[] = [];
  for (let start = 0; start < rows.length; start += perBlock) {
    const builder = createDigestBuilder();
    for (const row of rows.slice(start, start + perBlock)) builder.add(...row);
    blocks.push(builder.finish());
  }
  const viewAt = ({ block, row }: RowPlace) => rows[block * perBlock + row]?.[1];
  return { file: `/${split ?? 'lone'}.jsonl`, split, blocks, viewAt };
}

interface Options {
  readonly split: Split | undefined;
  readonly perBlock?: number;
}

/** Of files with the usual three rows a block: the number of the row, from 0, or -1 for the head of the file. */
export function rowOf(place: RowPlace | undefined, perBlock = rowsPerBlock): number {
  return place === undefined ? -1 : place.block * perBlock + place.row;
}

export function collect(findings: Findings): FileFinding[] {
  return [...findings].filter((finding) => finding !== undefined);
}

/** Findings of one code as [row, row of the twin]. */
export function placesOf(findings: readonly FileFinding[], code: FileFinding['code']): [number, number][] {
  return findings.filter((finding) => finding.code === code).map(({ place, twin }) => [rowOf(place), rowOf(twin?.place)]);
}

export function classified(text: string, label: string): Row {
  const input = { path: ['text'], text };
  const target = { path: ['label'], text: label };
  return [
    { kind: 'classification', line, text, label },
    { kind: 'classification', input, target, labels: [target], texts: [input] },
  ];
}

export function multiLabelled(text: string, ...labels: string[]): Row {
  const input = { path: ['text'], text };
  const target = { path: ['labels'], text: [...labels].sort().join(', ') };
  const found = labels.map((label, index) => ({ path: ['labels', String(index)], text: label }));
  return [
    { kind: 'multi-label', line, text, labels },
    { kind: 'multi-label', input, target, labels: found, texts: [input] },
  ];
}

export function chat(prompt: string, answer: string, system?: string): Row {
  const input = { path: ['messages', '0', 'content'], text: prompt };
  const target = { path: ['messages', '1', 'content'], text: answer };
  const texts = [input, target, ...(system === undefined ? [] : [{ path: ['system'], text: system }])];
  const messages = [
    { role: 'user', content: prompt },
    { role: 'assistant', content: answer },
  ];
  return [
    { kind: 'chat', line, messages },
    { kind: 'chat', input, target, labels: [], texts },
  ];
}

export function preference(prompt: string, chosenText: string, rejectedText: string): Row {
  const input = { path: ['prompt'], text: prompt };
  const chosen = { path: ['chosen'], text: chosenText };
  const rejected = { path: ['rejected'], text: rejectedText };
  const texts = [input, chosen, rejected];
  return [
    { kind: 'preference', line, prompt: [], chosen: [], rejected: [] },
    { kind: 'preference', input, target: chosen, labels: [], texts, preference: { chosen, rejected } },
  ];
}

export function liked(prompt: string, answer: string, isLiked: boolean): Row {
  const [, view] = chat(prompt, answer);
  return [
    { kind: 'unpaired-preference', line, prompt: [], completion: [], isLiked },
    { ...view, kind: 'unpaired-preference' },
  ];
}

export function plain(text: string): Row {
  const input = { path: ['text'], text };
  return [
    { kind: 'text', line, text },
    { kind: 'text', input, target: nothing, labels: [], texts: [input] },
  ];
}

export function image(file: string, label: string): Row {
  const target = { path: ['label'], text: label };
  const input = { path: ['file_name'], text: file };
  return [
    { kind: 'image', line, image: `/${file}`, label },
    { kind: 'image', input, target, labels: [target], texts: [] },
  ];
}

/** `count` rows of a label, with texts that have nothing in common. */
export function rowsOf(label: string, count: number): Row[] {
  return Array.from({ length: count }, (_, index) => classified(`${label}${index} x${index * 7919}`, label));
}
