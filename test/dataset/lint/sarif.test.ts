import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createSarifLog } from '../../../dataset/lint/sarif';
import { problemCodes, rules, type Problem } from '../../../protocol';
import { linted, problemAt } from './linted';

const workingDir = resolve('/work/my tickets');
const train = join(workingDir, 'data', 'train #1.jsonl');
const outside = resolve('/elsewhere/test.jsonl');
const options = { workingDir, temperVersion: '1.2.3', rulesPage: 'https://example.org/rules.md', exitCode: 1 };
const place = { line: 3, column: 10, endLine: 3, endColumn: 14 };
const region = { startLine: 3, startColumn: 10, endLine: 3, endColumn: 14 };
const artifactLocation = { uri: 'data/train%20%231.jsonl', uriBaseId: 'WORKINGDIR' };

const problems: Problem[] = [
  {
    ...place,
    code: 'leak',
    severity: 'warning',
    message: 'It stands in train, too.',
    related: [
      { ...place, file: outside, message: 'the training row' },
      { ...place, line: 2, message: 'the row above' },
    ],
    fixes: [
      { title: 'Remove this row', isSafe: false, edits: [{ ...place, text: '' }] },
      { title: 'Replace it', isSafe: true, edits: [{ ...place, text: 'ä\n' }], file: outside },
    ],
  },
  { ...place, code: 'invalid-json', severity: 'error', message: 'No JSON.' },
  { ...place, code: 'extra-field', severity: 'information', message: 'Nothing reads it.' },
];

interface SarifRun {
  readonly tool: { driver: { rules: Readonly<Record<string, unknown>>[] } };
  readonly results: Readonly<Record<string, unknown>>[];
  readonly [key: string]: unknown;
}

function runOf(log: object): SarifRun {
  const { runs } = JSON.parse(JSON.stringify(log)) as { runs: SarifRun[] }; // asserted below
  return runs[0] ?? assert.fail('no run');
}

describe('SARIF', () => {
  const log = createSarifLog([linted(train, problems), linted(outside, [problemAt(1, 'secret')])], options);
  const run = runOf(log);
  const [leak, invalid, extra, secret] = run.results;

  it('names the tool and every rule with its level and its page', () => {
    assert.deepEqual(
      run.tool.driver.rules.map(({ id }) => id),
      problemCodes,
    );
    assert.deepEqual(run.tool.driver.rules[problemCodes.indexOf('leak')], {
      id: 'leak',
      shortDescription: { text: 'A held-out row that stands in the training rows.' },
      helpUri: 'https://example.org/rules.md#leak',
      defaultConfiguration: { level: 'warning' },
    });
    assert.equal(rules['extra-field'].severity, 'information');
    assert.deepEqual(run.tool.driver.rules[problemCodes.indexOf('extra-field')]?.['defaultConfiguration'], { level: 'note' });
  });

  it('gives each problem its rule, its level as it is here, and its place', () => {
    assert.deepEqual(
      run.results.map(({ ruleId, level, ruleIndex }) => [ruleId, level, problemCodes[Number(ruleIndex)]]),
      [
        ['leak', 'warning', 'leak'],
        ['invalid-json', 'error', 'invalid-json'],
        ['extra-field', 'note', 'extra-field'],
        ['secret', 'warning', 'secret'],
      ],
    );
    assert.deepEqual(invalid, {
      ruleId: 'invalid-json',
      ruleIndex: problemCodes.indexOf('invalid-json'),
      level: 'error',
      message: { text: 'No JSON.' },
      locations: [{ physicalLocation: { artifactLocation, region } }],
      partialFingerprints: { 'temperRow/v1': '000000000003' },
    });
    assert.ok(extra && !('relatedLocations' in extra) && !('fixes' in extra));
  });

  it('gives paths relative to the working directory, and others whole', () => {
    const uri = pathToFileURL(outside).href;
    assert.deepEqual(secret?.['locations'], [
      { physicalLocation: { artifactLocation: { uri }, region: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 2 } } },
    ]);
    assert.deepEqual(run['originalUriBaseIds'], { WORKINGDIR: { uri: `${pathToFileURL(workingDir).href}/` } });
    assert.equal(run['columnKind'], 'utf16CodeUnits');
  });

  it('links twins', () => {
    const uri = pathToFileURL(outside).href;
    assert.deepEqual(leak?.['relatedLocations'], [
      { physicalLocation: { artifactLocation: { uri }, region }, message: { text: 'the training row' } },
      { physicalLocation: { artifactLocation, region: { ...region, startLine: 2 } }, message: { text: 'the row above' } },
    ]);
  });

  it('describes fixes, also those of another file', () => {
    assert.deepEqual(leak?.['fixes'], [
      {
        description: { text: 'Remove this row' },
        artifactChanges: [{ artifactLocation, replacements: [{ deletedRegion: region }] }],
        properties: { isSafe: false },
      },
      {
        description: { text: 'Replace it' },
        artifactChanges: [
          {
            artifactLocation: { uri: pathToFileURL(outside).href },
            replacements: [{ deletedRegion: region, insertedContent: { text: 'ä\n' } }],
          },
        ],
        properties: { isSafe: true },
      },
    ]);
  });

  it('has no lines where a file has none: Parquet rows, and images', () => {
    const format = { format: 'parquet', encoding: 'utf-8', reasons: [] } as const;
    const rows = linted(join(workingDir, 'a.parquet'), [problemAt(7, 'secret')], { format });
    const image = linted(train, [problemAt(7, 'unreadable-image', { file: join(workingDir, 'a.png') })]);
    assert.deepEqual(
      runOf(createSarifLog([rows, image], options)).results.map(({ locations }) => locations),
      [
        [
          {
            physicalLocation: { artifactLocation: { uri: 'a.parquet', uriBaseId: 'WORKINGDIR' } },
            logicalLocations: [{ name: 'row 7' }],
          },
        ],
        [{ physicalLocation: { artifactLocation: { uri: 'a.png', uriBaseId: 'WORKINGDIR' } } }],
      ],
    );
  });

  it('keeps to the official schema, with problems and without', () => {
    const parquet = { format: 'parquet', encoding: 'utf-8', reasons: [] } as const;
    const rows = linted(join(workingDir, 'a.parquet'), [problemAt(7, 'secret')], { format: parquet });
    const findFaults = loadSchema();
    for (const sample of [log, createSarifLog([], options), createSarifLog([rows], { ...options, exitCode: 0 })])
      assert.deepEqual(findFaults(sample), []);
    assert.notDeepEqual(findFaults({ ...log, version: '2.0.0' }), [], 'the schema is looked at');
  });
});

/** The schema is of draft 4, which only the validator that comes with it reads. */
function loadSchema(): (log: object) => unknown[] {
  const fromTest = createRequire(join(process.cwd(), 'package.json'));
  const fromPackage = createRequire(fromTest.resolve('@microsoft/jest-sarif/package.json'));
  const Ajv = fromPackage('ajv') as new (options: object) => {
    addMetaSchema(schema: unknown): void;
    compile(schema: unknown): { (value: unknown): boolean; errors?: unknown[] };
  }; // ajv 6, whose types are not ours
  const ajv = new Ajv({ schemaId: 'auto', allErrors: true, meta: false, unknownFormats: 'ignore' });
  ajv.addMetaSchema(fromPackage('ajv/lib/refs/json-schema-draft-04.json'));
  const validate = ajv.compile(fromPackage('./lib/schemas/sarif-2.1.0-rtm.5.json'));
  return (log) => (validate(JSON.parse(JSON.stringify(log))) ? [] : (validate.errors ?? []));
}
