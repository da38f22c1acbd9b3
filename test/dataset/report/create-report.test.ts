import assert from 'node:assert/strict';
import { LintSession } from '../../../dataset/lint/lint-session';
import type { LintedFile } from '../../../dataset/lint/linted-file';
import { createReport } from '../../../dataset/report/create-report';
import { removeProjects, writeProject } from '../temporary-project';
import { dir, input, other } from './report-inputs';

describe('the dataset report', () => {
  afterEach(removeProjects);

  it('has the files of the project in the order of a run, without temper.json, and all that is hidden', () => {
    const files = [input('test', { suppressed: 1 }), other(`${dir}/temper.json`), input('train', { suppressed: 3 })];
    const report = createReport(dir, files);
    assert.deepEqual([report.projectDir, report.projectName, report.isComplete], [dir, 'project', true]);
    assert.deepEqual(
      report.files.map(({ split, name }) => [split, name]),
      [
        ['train', 'data/train.jsonl'],
        ['test', 'data/test.jsonl'],
      ],
    );
    assert.equal(report.suppressed, 4);
    assert.ok(!('labels' in report) && !('lengths' in report));
  });

  it('is not complete while one file is not', () => {
    assert.equal(createReport(dir, [input('train'), input('test', { isComplete: false })]).isComplete, false);
  });

  it('says of real files how they were read, and survives the way to a webview', async () => {
    const project = writeProject({
      'temper.json': { data: { train: 'train.csv', test: 'test.csv', labelColumn: 'topic' }, method: { type: 'lora' } },
      'train.csv': 'text;topic\nwhere is my card;card\nit is lost;card\nrefund me;money\n',
      'test.csv': 'text;topic\nwhere is my card;card\n',
    });
    const linted = new Map<string, LintedFile>();
    const session = new LintSession(project, { tools: {}, limits: { maxProblems: 100 } });
    for await (const file of session.run()) linted.set(file.file, file);
    const report = createReport(project, [...linted.values()]);
    assert.deepEqual(structuredClone(report), report);
    assert.deepEqual(
      report.files.map(({ split, rows }) => [split, rows]),
      [
        ['train', 3],
        ['test', 1],
      ],
    );
    const { reading } = report.files[0] ?? {};
    assert.deepEqual([reading?.format, reading?.shape], ['csv', 'a text and its label']);
    assert.ok((reading?.reasons.length ?? 0) >= 2, reading?.reasons.join('; '));
    assert.deepEqual(
      report.leaks.map(({ code, count, places }) => [code, count, places[0]?.range.line]),
      [['leak', 1, 2]],
    );
    assert.deepEqual(report.labels?.frequent[0], { label: 'card', rows: { train: 2, test: 1 } });
    assert.equal(report.lengths?.unit, 'character');
  });
});
