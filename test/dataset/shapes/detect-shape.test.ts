import assert from 'node:assert/strict';
import { detectShape, type DetectedShape, type ShapeQuestion } from '../../../dataset/shapes/detect-shape';
import { dataSchema, type ShapeName } from '../../../protocol';

type Value = Readonly<Record<string, unknown>>;

const list = [{ role: 'user', content: 'a' }];

function detect(samples: readonly Value[], options: Partial<ShapeQuestion> = {}, data: object = {}): DetectedShape {
  const names = [...new Set(samples.flatMap((value) => Object.keys(value)))];
  return detectShape({ names, samples, task: undefined, data: dataSchema.parse({ train: 'a', ...data }), ...options });
}

function shapeOf(detected: DetectedShape): ShapeName | undefined {
  return detected.kind === 'found' ? detected.shape.name : undefined;
}

function messagesOf(detected: DetectedShape): string {
  return detected.kind === 'unknown' ? detected.problems.map(({ message }) => message).join('\n') : '';
}

describe('detectShape of a file that no project names', () => {
  /** A row, its shape, the columns that go by another name than their own. */
  const found: [Value, ShapeName, Record<string, string>?][] = [
    [{ text: 'a', label: 'x' }, 'classification'],
    [{ text: 'a', label: 1, id: 3 }, 'classification'],
    [{ text: 'a', category: 'x' }, 'classification', { labelColumn: 'category' }],
    [{ Text: 'a', Sentiment: 'x' }, 'classification', { textColumn: 'Text', labelColumn: 'Sentiment' }],
    [{ review: 'a', stars: 5 }, 'classification', { textColumn: 'review', labelColumn: 'stars' }],
    [
      { sentence1: 'a', sentence2: 'b', label: 0, idx: 1 },
      'classification',
      { textColumn: 'sentence1', textPairColumn: 'sentence2' },
    ],
    [{ question: 'a', sentence: 'b', label: 0 }, 'classification', { textColumn: 'question', textPairColumn: 'sentence' }],
    [{ premise: 'a', hypothesis: 'b', label: 0 }, 'classification', { textColumn: 'premise', textPairColumn: 'hypothesis' }],
    [{ sentence: 'a', label: 0, idx: 1 }, 'classification', { textColumn: 'sentence' }],
    [{ text: 'a', labels: 'x' }, 'classification', { labelColumn: 'labels' }],
    [{ text: 'a', labels: ['x'] }, 'multi-label'],
    [{ text: 'a', label: ['x'] }, 'multi-label', { labelsColumn: 'label' }],
    [{ tokens: ['a'], tags: ['O'] }, 'token-tags'],
    [{ id: '1', tokens: ['a'], ner_tags: [0] }, 'token-tags', { tagsColumn: 'ner_tags' }],
    [{ messages: list }, 'messages'],
    [{ messages: list, prompt: 'a', prompt_id: 'b' }, 'messages'],
    [{ prompt: 'a', completion: 'b' }, 'prompt-completion'],
    [{ question: 'a', answer: 'b' }, 'prompt-completion', { promptColumn: 'question', completionColumn: 'answer' }],
    [{ prompt: 'a', completion: 'b', label: true }, 'unpaired-preference'],
    [{ prompt: 'a', completion: 'b', label: 'x' }, 'prompt-completion'],
    [{ instruction: 'a', input: '', output: 'b' }, 'alpaca'],
    [{ instruction: 'a', context: 'c', response: 'b' }, 'alpaca', { inputColumn: 'context', outputColumn: 'response' }],
    [{ conversations: [] }, 'sharegpt'],
    [{ prompt: 'a', chosen: 'b', rejected: 'c' }, 'preference'],
    [{ chosen: list, rejected: list }, 'preference'],
    [{ instruction: 'a', input: '', output: 'd', chosen: 'b', rejected: 'c' }, 'preference'],
    [{ system: 's', question: 'a', chosen: 'b', rejected: 'c' }, 'preference', { promptColumn: 'question' }],
    [{ anchor: 'a', positive: 'b', negative: 'c' }, 'embedding'],
    [{ query: 'a', positive: 'b' }, 'embedding', { anchorColumn: 'query' }],
    [{ file_name: 'a.png', label: 'x' }, 'image-classification'],
    [{ file_name: 'a.png', text: 'x' }, 'image-caption', { captionColumn: 'text' }],
    [{ image: 'a.jpg', caption: 'x' }, 'image-caption', { imageColumn: 'image' }],
    [{ text: 'a', label: 'x', file_name: 'b.py' }, 'classification'],
    [{ text: 'a' }, 'text'],
    [{ text: 'a', meta: {}, url: 'b' }, 'text'],
    [{ content: 'a' }, 'text', { textColumn: 'content' }],
  ];
  for (const [value, name, renamed = {}] of found) {
    it(`takes ${JSON.stringify(value)} for ${name}`, () => {
      const detected = detect([value, value]);
      assert.equal(shapeOf(detected), name, messagesOf(detected));
      assert.ok(detected.kind === 'found');
      const defaults: Record<string, unknown> = dataSchema.parse({ train: 'a' });
      const differing = Object.entries(detected.match.columns).filter(([field, column]) => defaults[field] !== column);
      assert.deepEqual(Object.fromEntries(differing), renamed);
      for (const column of Object.values(renamed))
        assert.match(detected.match.reasons.join('\n'), new RegExp(`"${column}" is read as the`));
    });
  }

  it('takes the text of an image for its caption in a folder of images, and for a text in a project', () => {
    const samples = [{ file_name: 'a.png', text: 'a cat' }];
    assert.equal(shapeOf(detect(samples, { isImageFolder: true })), 'image-caption');
    assert.equal(shapeOf(detect(samples, { isImageFolder: true, task: 'text-classification' })), undefined);
  });

  it('gives its reasons', () => {
    const detected = detect([{ text: 'a', category: 'x' }]);
    assert.deepEqual(detected.kind === 'found' && detected.match.reasons, [
      'the rows have "text" and "category"',
      '"category" is read as the label',
    ]);
  });

  it('goes by most of the rows', () => {
    const pair = { prompt: 'a', completion: 'b' };
    assert.equal(shapeOf(detect([{ messages: list }, pair, pair])), 'prompt-completion');
    assert.equal(shapeOf(detect([{ messages: list }, { messages: list }, pair])), 'messages');
    assert.equal(shapeOf(detect([{ text: 'a' }, { text: 'a', label: 'x' }, { text: 'a', label: 'x' }])), 'classification');
  });

  it('goes by the names where there is no row', () => {
    assert.equal(shapeOf(detect([], { names: ['text', 'label'] })), 'classification');
  });

  it('tells how tags mark names', () => {
    const detected = detect([{ tokens: ['a', 'b'], tags: ['O', 'I-X'] }]);
    assert.deepEqual(detected.kind === 'found' && [detected.match.tagScheme?.name, detected.match.reasons.at(-1)], [
      'iob1',
      'the tags are IOB1',
    ]);
  });

  it('says what is misspelt, and what would be right', () => {
    assert.match(messagesOf(detect([{ text: 'a', lable: 'x' }])), /no column "label". Did you mean "lable"/);
    assert.match(messagesOf(detect([{ mesages: list }])), /no column "messages". Did you mean "mesages"/);
    assert.match(messagesOf(detect([{ a: 1, b: 2 }])), /No shape of rows has the columns "a", "b"/);
    assert.match(messagesOf(detect([{ test: 'a', lapel: 'x' }])), /No shape of rows has the columns "test", "lapel"/);
    assert.match(messagesOf(detect([], { names: ['', ''] })), /No column has a name/);
  });
});

describe('detectShape in a project', () => {
  const classify = { task: 'text-classification' } as const;
  const instruct = { task: 'instruction-tuning' } as const;

  /** What is missing, the rows, the options, the config, words of the message, the setting that would mend it. */
  const faults: [string, Value, Partial<ShapeQuestion>, object, RegExp, unknown[]][] = [
    [
      'a misspelt column',
      { text: 'a', lable: 'x' },
      classify,
      {},
      /no column "label"\. Did you mean "lable"\? The names are set by "data\.textColumn" and "data\.labelColumn" in temper.json/,
      [{ setting: 'data.labelColumn', value: 'lable' }],
    ],
    [
      'a column with a blank',
      { text: 'a', ' label': 'x' },
      classify,
      {},
      /mean " label"/,
      [{ setting: 'data.labelColumn', value: ' label' }],
    ],
    ['a foreign column', { text: 'a', b: 'x' }, classify, {}, /columns are "text", "b"\..*"data\.labelColumn"/, []],
    ['no name at all', { '': 'a' }, { ...classify, names: [''] }, {}, /No column has a name/, []],
    [
      'a column that is called otherwise',
      { text: 'a', intent: 'x' },
      classify,
      {},
      /are "text", "intent"\. Is "intent" the label\?/,
      [{ setting: 'data.labelColumn', value: 'intent' }],
    ],
    [
      'a name that the config gives',
      { v2: 'a', label: 'x' },
      classify,
      { textColumn: 'v2', labelColumn: 'v1' },
      /no column "v1"/,
      [{ setting: 'data.labelColumn', value: 'label' }],
    ],
    [
      'a pair of texts',
      { premise: 'a', hypothesis: 'b', label: 1 },
      classify,
      {},
      /no column "text".*Is "premise" the text/,
      [
        { setting: 'data.textColumn', value: 'premise' },
        { setting: 'data.textPairColumn', value: 'hypothesis' },
      ],
    ],
    ['a second text', { text: 'a', label: 1 }, classify, { textPairColumn: 'b' }, /no column "b"/, []],
    ['conversations for classification', { messages: list }, classify, {}, /set "task" to { "type": "instruction-tuning" }/, []],
    [
      'labelled texts for instructions',
      { text: 'a', label: 'x' },
      instruct,
      {},
      /rows have neither .* set "task" to { "type": "text-classification" }/,
      [{ setting: 'task', value: { type: 'text-classification' } }],
    ],
    [
      'a foreign shape',
      { a: 'a' },
      instruct,
      {},
      /rows have neither "messages".* nor "conversations".*set by "data.messagesColumn"/,
      [],
    ],
    ['half of a shape', { prompt: 'a' }, instruct, {}, /no column "completion"/, []],
    [
      'misspelt messages',
      { mesages: list },
      instruct,
      {},
      /mean "mesages"/,
      [{ setting: 'data.messagesColumn', value: 'mesages' }],
    ],
    [
      'columns that the shape has under other names',
      { query: 'a', response: 'b' },
      instruct,
      {},
      /Is "query" the prompt/,
      [{ setting: 'data.promptColumn', value: 'query' }],
    ],
    [
      'texts in the order of sentence-transformers',
      { s1: 'a', s2: 'b' },
      {},
      { shape: 'embedding' },
      /no column "anchor".*Is "s1" the anchor/,
      [{ setting: 'data.anchorColumn', value: 's1' }],
    ],
    [
      'what the shape of the config needs',
      { text: 'a', label: 'x' },
      classify,
      { shape: 'messages' },
      /no column "messages"/,
      [],
    ],
  ];
  for (const [title, value, options, data, words, advice] of faults) {
    it(`reports ${title}`, () => {
      const head = { line: 2, column: 3, endLine: 2, endColumn: 9 };
      const detected = detect([value], { head, ...options }, data);
      assert.ok(detected.kind === 'unknown');
      const [problem] = detected.problems;
      assert.match(problem?.message ?? '', words);
      assert.deepEqual(
        { ...problem, message: '', advice: problem?.advice },
        { ...head, code: 'missing-column', severity: 'error', message: '', advice },
      );
    });
  }

  it('reports every column that is missing', () => {
    const detected = detect([{ a: 'b' }], classify);
    assert.deepEqual(detected.kind === 'unknown' && detected.problems.map(({ message }) => message.split('.')[0]), [
      'There is no column "text"',
      'There is no column "label"',
    ]);
  });

  /** A row, the options, the config, its shape. */
  const found: [Value, Partial<ShapeQuestion>, object, ShapeName][] = [
    [{ text: 'a', label: 'x', messages: list }, classify, {}, 'classification'],
    [{ v1: 'x', v2: 'a' }, classify, { textColumn: 'v2', labelColumn: 'v1' }, 'classification'],
    [{ text: 'a', label: 'x', messages: list }, instruct, {}, 'messages'],
    [{ prompt: 'a', completion: 'b', label: true }, instruct, {}, 'prompt-completion'],
    [{ instruction: 'a', output: 'b', chosen: 'b', rejected: 'c' }, instruct, {}, 'alpaca'],
    [{ conversations: [] }, instruct, {}, 'sharegpt'],
    [{ q: 'a', a: 'b' }, instruct, { promptColumn: 'q', completionColumn: 'a' }, 'prompt-completion'],
    [{ text: 'a', label: 'x' }, classify, { shape: 'text' }, 'text'],
    [{ file_name: 'a.png', label: 'x' }, { ...classify, isImageFolder: true }, {}, 'image-classification'],
  ];
  for (const [value, options, data, name] of found) {
    it(`takes ${JSON.stringify(value)} for ${name}${options.task ? ` where the task is ${options.task}` : ''}`, () => {
      const detected = detect([value], options, data);
      assert.equal(shapeOf(detected), name, messagesOf(detected));
    });
  }

  it('goes by most of the rows', () => {
    const pair = { prompt: 'a', completion: 'b' };
    assert.equal(shapeOf(detect([{ messages: list }, pair, pair], instruct)), 'prompt-completion');
    assert.equal(shapeOf(detect([{ messages: list }, pair], instruct)), 'messages');
  });

  it('says why', () => {
    const reasons = (detected: DetectedShape) => (detected.kind === 'found' ? detected.match.reasons : []);
    const value = { text: 'a', label: 'x' };
    assert.deepEqual(reasons(detect([value], classify)), ['the task is text-classification', 'the rows have "text" and "label"']);
    assert.match(reasons(detect([value], classify, { shape: 'text' }))[0] ?? '', /"data.shape" in temper.json/);
  });
});
