import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LintSession } from '../../dataset/lint/lint-session';
import { createRowDescriber } from '../../extension/lint-worker/describe-row';
import { LintThread } from '../../extension/lint-worker/lint-thread';
import type { FileResult, Queries, QueryName, ThreadMessage } from '../../extension/lint-worker/messages';
import type { Severity } from '../../protocol';
import { waitUntil } from './wait-until';

const config = { data: { train: 'train.jsonl', test: 'test.jsonl' }, model: 'tiny-encoder', training: { maxLength: 8 } };
const rows = '{"text": "a good film", "label": "x"}\n{"text": "b poor meal", "label": "y"}\n';
const others = '{"text": "c fine room", "label": "x"}\n{"text": "d weak book", "label": "y"}\n';

describe('linting a project for the editor', () => {
  let dir: string;
  let results: Map<string, FileResult>;
  let answers: Map<number, unknown>;
  let faults: ThreadMessage[];
  let rests: number;
  let thread: LintThread;

  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'temper-lint-')));
    write('temper.json', JSON.stringify(config));
    write('train.jsonl', rows);
    write('test.jsonl', others);
    results = new Map();
    answers = new Map();
    faults = [];
    rests = 0;
    const describer = createRowDescriber({});
    thread = new LintThread({
      createSession: (project, maxProblems) => new LintSession(project, { tools: describer.tools, limits: { maxProblems } }),
      describeRow: (project, found, labels) => describer.describe(project, found, labels),
      post: take,
    });
  });
  afterEach(() => {
    thread.dispose();
    rmSync(dir, { recursive: true, force: true });
  });

  /** As the extension host does. */
  function take(sent: ThreadMessage): void {
    const message = structuredClone(sent);
    if (message.kind === 'linted') results.set(message.result.file, message.result);
    else if (message.kind === 'files') for (const file of results.keys()) if (!message.files.includes(file)) results.delete(file);
    if (message.kind === 'answer') answers.set(message.id, message.value);
    if (message.kind === 'rested') rests++;
    if (message.kind === 'failed' || message.kind === 'refused') faults.push(message);
  }

  const file = (name: string) => join(dir, name);
  const write = (name: string, content: string | Uint8Array) => writeFileSync(file(name), content);
  const rest = async (act: () => void) => {
    const before = rests;
    act();
    await waitUntil('it rests', () => rests > before || faults.length > 0);
    assert.deepEqual(faults, []);
  };
  const start = () => rest(() => thread.receive({ kind: 'projects', dirs: [dir], maxProblems: 50 }));
  const changed = (name: string) => rest(() => thread.receive({ kind: 'changed', file: file(name) }));
  const found = (name: string, severity: Severity = 'error') =>
    results
      .get(file(name))
      ?.problems.filter((problem) => problem.severity === severity)
      .map(({ code, line, column }) => `${code} ${line}:${column}`);
  const ask = async <Name extends QueryName>(name: Name, asks: Queries[Name]['asks']): Promise<unknown> => {
    thread.receive({ kind: 'query', id: 1, query: { name, ...asks } as never });
    await waitUntil('it answers', () => answers.has(1));
    return answers.get(1);
  };

  it('finds no error in a project that is right, and looks at all its files', async () => {
    await start();
    const names = ['temper.json', 'test.jsonl', 'train.jsonl'];
    assert.deepEqual([...results.keys()].sort(), names.map(file).sort());
    for (const name of names) assert.deepEqual(found(name), [], name);
    assert.ok([...results.values()].every(({ isComplete }) => isComplete));
  });

  it('finds a label in the test rows that train does not have', async () => {
    write('test.jsonl', `${others}{"text": "c", "label": "z"}\n`);
    await start();
    assert.deepEqual(found('test.jsonl'), ['unknown-label 3:24']);
  });

  it('reads what is typed rather than what is on disk, and what is on disk when that is closed', async () => {
    await start();
    await rest(() => thread.receive({ kind: 'open', file: file('train.jsonl'), version: 1, text: rows }));
    const changes = [{ start: rows.length, end: rows.length, text: 'nonsense\n' }];
    await rest(() => thread.receive({ kind: 'edit', file: file('train.jsonl'), version: 2, changes }));
    assert.deepEqual(found('train.jsonl'), ['invalid-json 3:1']);
    assert.equal(results.get(file('train.jsonl'))?.version, 2);
    await rest(() => thread.receive({ kind: 'close', file: file('train.jsonl') }));
    assert.deepEqual(found('train.jsonl'), []);
  });

  it('sees bytes that are not UTF-8, which the editor hides', async () => {
    write('train.jsonl', Buffer.from(`${rows}{"text": "caf\xe9", "label": "x"}\n`, 'latin1'));
    await start();
    assert.deepEqual(found('train.jsonl'), ['invalid-encoding 3:14']);
  });

  it('sees that a file changed on disk', async () => {
    await start();
    write('train.jsonl', `${rows}{"text": "", "label": "x"}\n`);
    await changed('train.jsonl');
    assert.deepEqual(found('train.jsonl'), ['empty-field 3:10']);
  });

  it('points at the name of a file that is not there, and sees it come', async () => {
    rmSync(file('test.jsonl'));
    await start();
    assert.deepEqual(found('temper.json'), ['missing-file 1:39']);
    write('test.jsonl', others);
    await changed('test.jsonl');
    assert.deepEqual(found('temper.json'), []);
  });

  it('reports a wrong config and leaves the data alone', async () => {
    await start();
    write('temper.json', '{"data": {"train": "train.jsonl"}, "epochs": 3}');
    await changed('temper.json');
    assert.deepEqual(found('temper.json'), ['bad-config 1:36']);
    assert.equal(found('train.jsonl'), undefined);
  });

  it('links a held-out row to its twin in the training rows, and moves the link when train changes', async () => {
    write('test.jsonl', `${others}{"text": "b poor meal", "label": "y"}\n`);
    await start();
    const twin = () => results.get(file('test.jsonl'))?.problems.find(({ code }) => code === 'leak')?.related?.[0];
    assert.deepEqual([twin()?.file, twin()?.line], [file('train.jsonl'), 2]);
    await rest(() => thread.receive({ kind: 'open', file: file('train.jsonl'), version: 1, text: rows }));
    const changes = [{ start: 0, end: 0, text: '{"text": "e new one", "label": "x"}\n' }];
    await rest(() => thread.receive({ kind: 'edit', file: file('train.jsonl'), version: 2, changes }));
    assert.equal(twin()?.line, 3);
  });

  it('shows a row as the model of the project sees it', async () => {
    await start();
    const answer = await ask('row', { file: file('train.jsonl'), line: 2, column: 12 });
    const description = answer as Queries['row']['gets'];
    assert.ok(description?.kind === 'seen');
    assert.deepEqual([description.line, description.endLine], [2, 2]);
    assert.deepEqual(description.seen.labels, [{ name: 'y', index: 1 }]);
    const { tokens, maxLength } = results.get(file('train.jsonl'))?.summary ?? {};
    assert.deepEqual([tokens?.length, maxLength], [2, 8]);
    const [sequence] = description.seen.sequences;
    assert.equal(sequence?.maxLength, 8);
    assert.ok(sequence.tokens.length > 2);
    assert.equal(sequence.tokenCount, sequence.tokens.length);
  });

  it('shows what is cut off a long row, whatever stands in it', async () => {
    write('train.jsonl', `${rows}${JSON.stringify({ text: `**${'a very long sentence '.repeat(12)}**`, label: 'x' })}\n`);
    await start();
    const answer = await ask('row', { file: file('train.jsonl'), line: 3, column: 12 });
    const description = answer as Queries['row']['gets'];
    assert.ok(description?.kind === 'seen');
    const [sequence] = description.seen.sequences;
    assert.equal(sequence?.tokens.length, 8);
    assert.ok(sequence.tokenCount > 40);
    assert.match(sequence.lost ?? '', /long sentence/);
  });

  it('gives the edits of all that can be fixed', async () => {
    write('train.jsonl', `${rows}{"text": "e", "label": "x",}\n\n{"text": "f", "label": "y"}\n`);
    await start();
    const edits = (await ask('safe-fixes', { file: file('train.jsonl') })) as Queries['safe-fixes']['gets'];
    assert.deepEqual(
      edits.map(({ line, text }) => [line, text]),
      [
        [3, ''],
        [4, ''],
      ],
    );
  });

  it('names the row of a problem by a fingerprint, and is silent about it when that is suppressed', async () => {
    write('train.jsonl', `${rows}{"text": "", "label": "x"}\n`);
    await start();
    const problem = results.get(file('train.jsonl'))?.problems.find(({ code }) => code === 'empty-field');
    assert.ok(problem);
    const row = await ask('fingerprint', { file: file('train.jsonl'), problem });
    assert.match(String(row), /^[0-9a-f]{12}$/);
    const lint = { suppress: [{ code: 'empty-field', file: 'train.jsonl', row, reason: 'a test' }] };
    write('temper.json', JSON.stringify({ ...config, lint }));
    await changed('temper.json');
    assert.deepEqual(found('train.jsonl'), []);
    assert.equal(results.get(file('train.jsonl'))?.summary.suppressed, 1);
  });
});
