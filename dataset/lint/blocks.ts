/**
 * The blocks of a file: cut from its text, each linted once, replaced where the text changes. An edit costs the blocks it
 * touches, whatever the size of the file.
 */
import type { BlockParser, BlockPlace, SourceRow } from '../formats/format';
import type { BlockLint } from './lint-block';
import type { TextChange } from './linted-file';
import { measureText, type Extent } from './position';

/**
 * Where the source of a block is: kept as text, or as rows of a file that is no text and whose places are of the file; in
 * the file at these bytes (UTF-8 without fault); or nowhere any more.
 */
export type BlockSource =
  | { readonly kind: 'kept'; readonly text: string }
  | { readonly kind: 'rows'; readonly rows: readonly SourceRow[] }
  /** `rowStarts`: of each row that is compared with others, where its first line begins, counted from `start`. */
  | { readonly kind: 'on-disk'; readonly start: number; readonly end: number; readonly rowStarts: Uint32Array }
  | { readonly kind: 'gone' };

export interface Block extends BlockPlace {
  readonly extent: Extent;
  /** UTF-16 units. */
  readonly units: number;
  readonly source: BlockSource;
  /** Absent until it has been linted. */
  lint?: BlockLint;
}

export interface CutText extends BlockPlace {
  readonly text: string;
}

/**
 * About so many UTF-16 units a block. A compromise: an edit re-reads one block, and a block has costs of its own. `lookahead`:
 * so far behind its end a format looks to tell where a broken row ends. Tests make both small.
 */
export const blockSize = { units: 262_144, lookahead: 512 };

/** Cuts a growing text into blocks of whole rows, of about `blockSize`; a longer row makes a longer block. */
export class BlockCutter {
  private pending = '';
  private wanted = blockSize.units;
  private readonly parser: BlockParser;
  private isFirst: boolean;

  /** `isFirst`: the text begins where the file does. */
  constructor(parser: BlockParser, isFirst = true) {
    this.parser = parser;
    this.isFirst = isFirst;
  }

  *push(text: string): Generator<CutText> {
    this.pending += text;
    let offset = 0;
    while (this.pending.length - offset >= this.wanted) {
      const head = this.pending.slice(offset, offset + this.wanted);
      const cut = this.parser.findCut(head, { isFirst: this.isFirst, isLast: false });
      if (cut === 0) {
        this.wanted *= 2; // a row longer than that: looking again at every piece would be quadratic
        continue;
      }
      yield { text: head.slice(0, cut), isFirst: this.isFirst, isLast: false };
      offset += cut;
      this.isFirst = false;
      this.wanted = blockSize.units;
    }
    this.pending = this.pending.slice(offset);
  }

  /** What is left: the last block when the text ended with the file, even an empty one. */
  finish(isLast = true): CutText {
    return { text: this.pending, isFirst: this.isFirst, isLast };
  }
}

export function createBlock({ text, isFirst, isLast }: CutText, source: BlockSource = { kind: 'kept', text }): Block {
  return { isFirst, isLast, extent: measureText(text), units: text.length, source };
}

/** All blocks of a text, unlinted. */
export function cutText(parser: BlockParser, text: string, { isFirst, isLast }: BlockPlace): Block[] {
  const cutter = new BlockCutter(parser, isFirst);
  const blocks = [...cutter.push(text)].map((cut) => createBlock(cut));
  const rest = cutter.finish(isLast);
  return rest.text === '' && !isLast ? blocks : [...blocks, createBlock(rest)];
}

/** The blocks after a change; those that it does not touch stay the same objects. */
export function spliceBlocks(parser: BlockParser, blocks: readonly Block[], change: TextChange): Block[] {
  const { from, to, text } = extend(parser, blocks, findTouched(blocks, change));
  const changed = cutText(parser, text, { isFirst: from === 0, isLast: to === blocks.length });
  return [...blocks.slice(0, from), ...changed, ...blocks.slice(to)];
}

interface Touched {
  /** Blocks that go, and the text that comes in their place. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function findTouched(blocks: readonly Block[], { start, end, text }: TextChange): Touched {
  let offset = 0;
  let from = 0;
  const first = start - blockSize.lookahead; // the end of the block before may depend on what changes
  while (from < blocks.length - 1 && offset + (blocks[from]?.units ?? 0) <= first) offset += blocks[from++]?.units ?? 0;
  let to = from;
  let old = '';
  do old += keptText(blocks[to++]);
  while (to < blocks.length && offset + old.length < end);
  return { from, to, text: old.slice(0, start - offset) + text + old.slice(end - offset) };
}

/** Takes in blocks behind until the text ends where a row does; ever more at once, as each look is at all of the text. */
function extend(parser: BlockParser, blocks: readonly Block[], touched: Touched): Touched {
  let { to, text } = touched;
  const isFirst = touched.from === 0;
  const endsWithin = () => text === '' || parser.findCut(text, { isFirst, isLast: false }) < text.length;
  for (let most = 1; to < blocks.length && endsWithin(); most *= 2) {
    const taken = blocks.slice(to, to + most);
    text += taken.map(keptText).join('');
    to += taken.length;
  }
  return { from: touched.from, to, text };
}

export function keptText(block: Block | undefined): string {
  return block?.source.kind === 'kept' ? block.source.text : '';
}
