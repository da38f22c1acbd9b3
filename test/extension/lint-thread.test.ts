import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LintedFile, TextChange } from '../../dataset/lint/linted-file';
import { LintThread } from '../../extension/lint-worker/lint-thread';
import type { HostMessage, Query, ThreadMessage } from '../../extension/lint-worker/messages';
import type { Session } from '../../extension/lint-worker/project-linting';
import { linted, problem } from './lint-fixtures';
import { waitUntil } from './wait-until';

const train = '/project/train.jsonl';
const config = '/project/temper.json';

const labels = [
  { label: 'praise', rows: 2 },
  { label: 'blame', rows: 1 },
];

/** Holds texts and says how long they are; a run goes over its files and can be held up before each. */
class FakeSession implements Session {
  files: ReadonlySet<string> = new Set([train, config]);
  readonly texts = new Map<string, string>();
  readonly heard: string[] = [];
  gate: Promise<unknown> = Promise.resolve();
  runs = 0;
  left = 0;
  throws = false;

  open(file: string, text: string): void {
    this.texts.set(file, text);
  }

  edit(file: string, changes: readonly TextChange[]): void {
    for (const { start, end, text } of changes) {
      const old = this.texts.get(file) ?? '';
      this.texts.set(file, old.slice(0, start) + text + old.slice(end));
    }
  }

  close(file: string): void {
    this.texts.delete(file);
  }

  changed(file: string): void {
    this.heard.push(`changed ${file}`);
  }

  async *run(): AsyncGenerator<LintedFile> {
    this.runs++;
    const texts = new Map(this.texts); // as they are when it begins
    if (this.throws) throw new Error('no such rule');
    let isDone = false;
    try {
      for (const file of this.files) {
        await this.gate;
        const found = linted(file, [problem(1, { message: texts.get(file) ?? 'on disk' })]);
        yield { ...found, split: file === train ? 'train' : undefined, summary: { ...found.summary, labels } };
      }
      isDone = true;
    } finally {
      if (!isDone) this.left++;
    }
  }

  rowAt(_file: string, line: number) {
    return line > 2 ? undefined : { row: { kind: 'text', text: `row ${line}`, line } as const, line, endLine: line };
  }

  safeFixes() {
    return [{ line: 1, column: 1, endLine: 1, endColumn: 2, text: '' }];
  }
}

describe('the thread that lints', () => {
  let session: FakeSession;
  let made: string[];
  let said: ThreadMessage[];
  let thread: LintThread;

  beforeEach(() => {
    session = new FakeSession();
    made = [];
    said = [];
    thread = new LintThread({
      createSession: (dir, maxProblems) => {
        made.push(`${dir} ${maxProblems}`);
        return session;
      },
      describeRow: (dir, { line, endLine }, labels = []) =>
        Promise.resolve({ kind: 'refused', reason: `${dir} ${labels.join()}`, line, endLine }),
      post: (message) => said.push(message),
    });
  });
  afterEach(() => thread.dispose());

  const tell = (...messages: HostMessage[]) => messages.forEach((message) => thread.receive(message));
  const lint = (...dirs: string[]) => tell({ kind: 'projects', dirs, maxProblems: 5 });
  const ofKind = <Kind extends ThreadMessage['kind']>(kind: Kind) =>
    said.filter((message): message is Extract<ThreadMessage, { kind: Kind }> => message.kind === kind);
  const rested = (count: number) => waitUntil(`it rests ${count} times`, () => ofKind('rested').length >= count);
  const newest = (file: string) => ofKind('linted').findLast(({ result }) => result.file === file)?.result;
  const ask = async (query: Query, id = said.length) => {
    tell({ kind: 'query', id, query });
    const answer = () => said.find((message) => (message.kind === 'answer' || message.kind === 'refused') && message.id === id);
    await waitUntil('it answers', () => answer() !== undefined);
    return answer();
  };

  it('lints a project at once, says what it reads, and then that it rests', async () => {
    lint('/project');
    await rested(1);
    assert.deepEqual(
      said.map(({ kind }) => kind),
      ['files', 'linted', 'linted', 'rested'],
    );
    assert.deepEqual(ofKind('files')[0]?.files, [config, train]);
    assert.equal(newest(train)?.problems[0]?.message, 'on disk');
    assert.equal(newest(train)?.version, undefined);
    assert.equal(newest(train)?.dir, '/project');
  });

  it('says only what can be cloned', async () => {
    lint('/project');
    await rested(1);
    assert.deepEqual(structuredClone(said), said);
  });

  it('lints the text of the editor, and what is typed into it, each with the version that it is of', async () => {
    lint('/project');
    await rested(1);
    tell({ kind: 'open', file: train, version: 4, text: 'abc' });
    await rested(2);
    assert.deepEqual([newest(train)?.version, newest(train)?.problems[0]?.message], [4, 'abc']);
    const changes = [
      { start: 3, end: 3, text: 'd' },
      { start: 0, end: 1, text: '' },
    ];
    tell({ kind: 'edit', file: train, version: 5, changes });
    await rested(3);
    assert.deepEqual([newest(train)?.version, newest(train)?.problems[0]?.message], [5, 'bcd']);
    tell({ kind: 'close', file: train });
    await rested(4);
    assert.deepEqual([newest(train)?.version, newest(train)?.problems[0]?.message], [undefined, 'on disk']);
  });

  it('waits for quiet: ten edits in a row are linted once', async () => {
    lint('/project');
    tell({ kind: 'open', file: train, version: 1, text: '' });
    await rested(1);
    const before = session.runs;
    for (let version = 2; version < 12; version++) {
      tell({ kind: 'edit', file: train, version, changes: [{ start: 0, end: 0, text: 'x' }] });
      await sleep(5);
    }
    await rested(2);
    assert.equal(session.runs - before, 1);
    assert.equal(newest(train)?.problems[0]?.message, 'x'.repeat(10));
  });

  it('leaves off when something is typed meanwhile, and never calls the old text by the new version', async () => {
    lint('/project');
    tell({ kind: 'open', file: train, version: 1, text: 'old' });
    await rested(1);
    const gate = new EventEmitter();
    session.gate = once(gate, 'open');
    const runs = session.runs;
    tell({ kind: 'changed', file: train });
    await waitUntil('a run is under way', () => session.runs > runs);
    const { left } = session;
    tell({ kind: 'edit', file: train, version: 2, changes: [{ start: 0, end: 3, text: 'new' }] });
    gate.emit('open');
    await waitUntil('the run was left', () => session.left > left);
    await rested(2);
    assert.deepEqual([newest(train)?.version, newest(train)?.problems[0]?.message], [2, 'new']);
    const tooNew = ofKind('linted').filter(({ result }) => result.version === 2 && result.problems[0]?.message === 'old');
    assert.deepEqual(tooNew, []);
  });

  it('says when a project reads other files than before', async () => {
    lint('/project');
    await rested(1);
    session.files = new Set([config]);
    tell({ kind: 'changed', file: config });
    await rested(2);
    assert.deepEqual(
      ofKind('files').map(({ files }) => files),
      [[config, train], [config]],
    );
  });

  it('takes what is closed from a project that no longer reads it, so that the disk counts when it does again', async () => {
    lint('/project');
    await rested(1);
    tell({ kind: 'open', file: train, version: 1, text: 'typed' });
    session.files = new Set([config]);
    await rested(2);
    tell({ kind: 'close', file: train });
    session.files = new Set([train, config]);
    await rested(3);
    assert.deepEqual([newest(train)?.version, newest(train)?.problems[0]?.message], [undefined, 'on disk']);
  });

  it('tells a project only of its own files', async () => {
    lint('/project');
    await rested(1);
    tell({ kind: 'changed', file: '/elsewhere/train.jsonl' }, { kind: 'open', file: '/elsewhere/x.csv', version: 1, text: 'x' });
    tell({ kind: 'edit', file: '/elsewhere/x.csv', version: 2, changes: [{ start: 0, end: 0, text: 'y' }] });
    assert.deepEqual(session.heard, []);
    assert.deepEqual([...session.texts.keys()], []);
  });

  it('forgets a project that is gone, and begins again when more problems are to be shown', async () => {
    lint('/project');
    await rested(1);
    lint('/project');
    assert.deepEqual(made, ['/project 5']);
    tell({ kind: 'projects', dirs: ['/project'], maxProblems: 9 });
    assert.deepEqual(made, ['/project 5', '/project 9']);
    await rested(2);
    lint();
    const { length } = said;
    tell({ kind: 'changed', file: train });
    await sleep(250);
    assert.equal(said.length, length);
  });

  it('says that a session threw, and tries again at the next change', async () => {
    session.throws = true;
    lint('/project');
    await waitUntil('it failed', () => ofKind('failed').length > 0);
    assert.match(ofKind('failed')[0]?.detail ?? '', /no such rule/);
    session.throws = false;
    tell({ kind: 'changed', file: config });
    await rested(1);
  });

  it('answers what it is asked, each question by its number', async () => {
    lint('/project');
    await rested(1);
    const row = await ask({ name: 'row', file: train, line: 2, column: 1 }, 7);
    assert.deepEqual(row, {
      kind: 'answer',
      id: 7,
      value: { kind: 'refused', reason: '/project blame,praise', line: 2, endLine: 2 },
    });
    const fingerprint = await ask({ name: 'fingerprint', file: train, problem: problem(3) }, 8);
    assert.deepEqual(fingerprint, { kind: 'answer', id: 8, value: '000000000003' });
    const fixes = await ask({ name: 'safe-fixes', file: train }, 9);
    assert.deepEqual(fixes, { kind: 'answer', id: 9, value: session.safeFixes() });
  });

  it('answers with nothing where there is no row, and of files that it does not know', async () => {
    lint('/project');
    await rested(1);
    for (const query of [
      { name: 'row', file: train, line: 3, column: 1 },
      { name: 'row', file: '/elsewhere/x.csv', line: 1, column: 1 },
    ] as const) {
      assert.deepEqual(await ask(query, query.line), { kind: 'answer', id: query.line, value: undefined });
    }
  });

  it('refuses in words when looking it up throws', async () => {
    session.safeFixes = () => {
      throw new Error('the blocks are gone');
    };
    lint('/project');
    await rested(1);
    const refused = await ask({ name: 'safe-fixes', file: train }, 3);
    assert.ok(refused?.kind === 'refused' && refused.detail.includes('the blocks are gone'));
  });
});
