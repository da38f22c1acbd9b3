import assert from 'node:assert/strict';
import { OpenTexts } from '../../extension/lint/open-texts';
import { isTextOf, type OpenDocument } from '../../extension/lint/same-text';
import type { FileResult, HostMessage } from '../../extension/lint-worker/messages';
import type { ProblemCode } from '../../protocol';
import { result } from './lint-fixtures';

const file = '/project/train.jsonl';

describe('which text is linted: the editor’s or the disk’s', () => {
  let documents: Map<string, OpenDocument>;
  let said: HostMessage[];
  let reads: number;
  let bytes: number | undefined;
  let texts: OpenTexts;

  beforeEach(() => {
    documents = new Map();
    said = [];
    reads = 0;
    bytes = 3;
    texts = new OpenTexts((message) => said.push(message), {
      find: (wanted) => documents.get(wanted),
      sizeOnDisk: () => bytes,
    });
  });

  const show = (parts: Partial<OpenDocument> = {}): OpenDocument => {
    const getText = () => {
      reads++;
      return 'abc';
    };
    const document = { file, version: 1, isDirty: false, eol: 1, encoding: 'utf8', getText, ...parts };
    documents.set(file, document);
    return document;
  };
  const onDisk = (parts: Partial<FileResult> = {}) => result(file, [], parts);
  const withFault = (code: ProblemCode) => {
    const clean = onDisk();
    return { ...clean, summary: { ...clean.summary, byCode: new Map([[code, 1]]) } };
  };
  const kinds = () => said.map(({ kind }) => kind);

  it('opens a file of a project once the disk was read, and sends its text once', () => {
    show();
    texts.setFiles(new Set([file]));
    assert.deepEqual(kinds(), []);
    texts.linted(onDisk());
    texts.linted(onDisk());
    texts.opened(file);
    assert.deepEqual(said, [{ kind: 'open', file, version: 1, text: 'abc' }]);
    assert.equal(reads, 1);
  });

  it('opens a changed file at once', () => {
    show({ isDirty: true });
    texts.setFiles(new Set([file]));
    assert.deepEqual(kinds(), ['open']);
  });

  it('sends of an edit only what changed, in its order', () => {
    show();
    texts.setFiles(new Set([file]));
    texts.linted(onDisk());
    texts.changed(show({ version: 2, isDirty: true }), [
      { rangeOffset: 5, rangeLength: 2, text: '' },
      { rangeOffset: 1, rangeLength: 0, text: 'x' },
    ]);
    const changes = [
      { start: 5, end: 7, text: '' },
      { start: 1, end: 1, text: 'x' },
    ];
    assert.deepEqual(said.at(-1), { kind: 'edit', file, version: 2, changes });
    assert.equal(reads, 1);
  });

  it('opens a file with its first edit when it was read from disk until then', () => {
    show();
    texts.setFiles(new Set([file]));
    texts.changed(show({ version: 2, isDirty: true }), [{ rangeOffset: 0, rangeLength: 0, text: 'x' }]);
    assert.deepEqual(kinds(), ['open']);
  });

  it('sends the text again when its line ends change, since every offset does', () => {
    show();
    texts.setFiles(new Set([file]));
    texts.linted(onDisk());
    texts.changed(show({ version: 2, isDirty: true, eol: 2 }), []);
    assert.deepEqual(kinds(), ['open', 'open']);
  });

  for (const code of ['invalid-encoding', 'byte-order-mark', 'mixed-line-endings'] as const) {
    it(`leaves a clean file with ${code} to the disk: the editor has mended its text, not the file`, () => {
      show();
      texts.setFiles(new Set([file]));
      texts.linted(withFault(code));
      assert.deepEqual(kinds(), []);
      texts.changed(show({ version: 2, isDirty: true }), [{ rangeOffset: 0, rangeLength: 0, text: 'x' }]);
      assert.deepEqual(kinds(), ['open']);
      show({ version: 2 });
      texts.saved(file);
      assert.deepEqual(kinds(), ['open', 'close']);
      texts.linted(onDisk());
      assert.deepEqual(kinds(), ['open', 'close', 'open']);
    });
  }

  for (const [encoding, ours, isOpened] of [
    ['utf8', 'utf-8', true],
    ['utf8bom', 'utf-8', false],
    ['windows1252', 'windows-1252', false],
    ['utf8', 'windows-1252', false],
    ['shiftjis', 'utf-8', false],
  ] as const) {
    it(`${isOpened ? 'takes' : 'does not take'} a text that the editor read as ${encoding} for a file that is ${ours}`, () => {
      show({ encoding });
      texts.setFiles(new Set([file]));
      texts.linted(onDisk({ format: { format: 'jsonl', encoding: ours, reasons: [] } }));
      assert.deepEqual(kinds(), isOpened ? ['open'] : []);
    });
  }

  it('leaves a clean file to the disk while the editor shows an older text, until it has read it again', () => {
    show();
    bytes = 5;
    texts.setFiles(new Set([file]));
    texts.linted(onDisk());
    assert.deepEqual(kinds(), []);
    bytes = 3;
    texts.changed(show({ version: 2 }), [{ rangeOffset: 0, rangeLength: 0, text: 'x' }]);
    assert.deepEqual(kinds(), ['open']);
  });

  it('leaves to the disk what is closed, or no longer named by a project', () => {
    show();
    texts.setFiles(new Set([file]));
    texts.linted(onDisk());
    documents.clear();
    texts.closed(file);
    assert.deepEqual(kinds(), ['open', 'close']);
    show();
    texts.opened(file);
    texts.setFiles(new Set());
    assert.deepEqual(kinds(), ['open', 'close', 'open', 'close']);
    texts.changed(show({ version: 3, isDirty: true }), [{ rangeOffset: 0, rangeLength: 0, text: 'x' }]);
    assert.equal(kinds().length, 4);
  });

  it('keeps silent about the disk when the file was just saved here, or is being changed here', () => {
    show();
    texts.setFiles(new Set([file]));
    texts.linted(onDisk());
    texts.saved(file);
    texts.changedOnDisk(file);
    assert.deepEqual(kinds(), ['open']);
  });

  it('goes back to the disk when somebody else wrote an open file', () => {
    show();
    texts.setFiles(new Set([file]));
    texts.linted(onDisk());
    texts.changedOnDisk(file);
    assert.deepEqual(kinds(), ['open', 'close']);
    texts.linted(onDisk());
    assert.deepEqual(kinds(), ['open', 'close', 'open']);
    show({ isDirty: true });
    texts.changedOnDisk(file);
    assert.deepEqual(kinds(), ['open', 'close', 'open']);
  });

  it('passes on that a file changed which is not open', () => {
    texts.setFiles(new Set([file]));
    texts.changedOnDisk(file);
    assert.deepEqual(said, [{ kind: 'changed', file }]);
  });

  it('says the text again when a second project reads the file', () => {
    show();
    texts.setFiles(new Set([file]));
    texts.linted(onDisk());
    texts.openAgain([file, '/second/temper.json']);
    assert.deepEqual(kinds(), ['open', 'open']);
  });

  it('says everything again to a new thread', () => {
    show();
    texts.setFiles(new Set([file]));
    texts.linted(onDisk());
    texts.reset();
    texts.setFiles(new Set([file]));
    texts.linted(onDisk());
    assert.deepEqual(kinds(), ['open', 'open']);
  });

  it('does not take a result of the editor’s text for one of the disk', () => {
    show();
    texts.setFiles(new Set([file]));
    texts.linted(onDisk({ version: 1 }));
    assert.deepEqual(kinds(), []);
  });
});

describe('whether fixes belong to what the editor shows', () => {
  const document: OpenDocument = { file, version: 4, isDirty: false, eol: 1, encoding: 'utf8', getText: () => 'né' };
  const clean = result(file);
  const withFault = (code: ProblemCode) => ({ ...clean, summary: { ...clean.summary, byCode: new Map([[code, 1]]) } });

  for (const [what, shown, linted, bytes, expected] of [
    ['the version that was linted', document, { ...clean, version: 4 }, 99, true],
    ['an older version', document, { ...clean, version: 3 }, 3, false],
    ['what is on disk', document, clean, 3, true],
    ['another text than on disk', document, clean, 2, false],
    ['a file that is gone', document, clean, undefined, false],
    ['a changed text while the disk was linted', { ...document, isDirty: true }, clean, 3, false],
    ['a text whose bad bytes saving would change', document, withFault('invalid-encoding'), 3, false],
    ['a text whose line ends saving would change', document, withFault('mixed-line-endings'), 3, false],
    ['a text that the editor reads in another encoding', { ...document, encoding: 'windows1252' }, clean, 3, false],
    ['a text with a fault of words only', document, withFault('invalid-json'), 3, true],
  ] as const) {
    it(`says ${expected ? 'yes' : 'no'} to ${what}`, () => assert.equal(isTextOf(shown, linted, bytes), expected));
  }
});
