/** `data` in temper.json: where the rows are, how their files are read, and what their fields mean. */
import { z } from 'zod';

export const formatNames = ['jsonl', 'json', 'csv', 'tsv', 'conll', 'text', 'parquet', 'image-folder'] as const;
export type FormatName = (typeof formatNames)[number];

export const shapeNames = [
  'classification',
  'multi-label',
  'token-tags',
  'messages',
  'prompt-completion',
  'alpaca',
  'sharegpt',
  'preference',
  'unpaired-preference',
  'embedding',
  'image-classification',
  'image-caption',
  'text',
] as const;
export type ShapeName = (typeof shapeNames)[number];

/** As the Encoding Standard names them. */
export const encodingNames = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'iso-8859-2',
  'iso-8859-15',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'gb18030',
  'big5',
] as const;
export type EncodingName = (typeof encodingNames)[number];

const path = (what: string) => z.string().min(1).describe(what);
const column = (name: string, what: string) => z.string().min(1).default(name).describe(`The field that holds ${what}.`);

/** The fields that a row can have, each under the name that the config gives it. */
export const columnFields = {
  textColumn: column('text', 'the text'),
  textPairColumn: z.string().min(1).optional().describe('The field that holds a second text, where rows are pairs of texts.'),
  labelColumn: column('label', 'the label, or in preference rows whether the answer was liked'),
  labelsColumn: column('labels', 'the list of labels, where a row can have several'),
  tokensColumn: column('tokens', 'the words of a sentence'),
  tagsColumn: column('tags', 'a tag for each of these words'),
  messagesColumn: column('messages', 'the messages of a conversation'),
  promptColumn: column('prompt', 'the prompt, in rows without messages'),
  completionColumn: column('completion', 'the answer to the prompt'),
  instructionColumn: column('instruction', 'the instruction (alpaca)'),
  inputColumn: column('input', 'what the instruction is about (alpaca)'),
  outputColumn: column('output', 'the answer (alpaca)'),
  conversationsColumn: column('conversations', 'the turns of a conversation (ShareGPT)'),
  chosenColumn: column('chosen', 'the better answer'),
  rejectedColumn: column('rejected', 'the worse answer'),
  anchorColumn: column('anchor', 'the text that others are compared with'),
  positiveColumn: column('positive', 'a text that is close to the anchor'),
  negativeColumn: column('negative', 'a text that is far from the anchor'),
  imageColumn: column('file_name', 'the path of an image, relative to its file'),
  captionColumn: column('caption', 'the words that describe the image'),
} as const;
export type ColumnField = keyof typeof columnFields;

export const dataSchema = z
  .strictObject({
    train: path('Training rows: a file, or a folder of images, relative to temper.json.'),
    validation: path('Rows for choosing the best checkpoint. Without it, a part of train is held back.').optional(),
    test: path('Rows looked at once, at the end.').optional(),
    ood: path('Out-of-distribution rows: the same labels from another source or in another style.').optional(),
    format: z.enum(formatNames).optional().describe('How the files are read. Told from their names and first lines when absent.'),
    shape: z.enum(shapeNames).optional().describe('What a row is. Told from the task and the fields when absent.'),
    encoding: z.enum(encodingNames).default('utf-8').describe('How the bytes of the files become text.'),
    separator: z
      .string()
      .length(1)
      .optional()
      .describe('What stands between the cells of a .csv file. Told from its first lines when absent.'),
    hasHeader: z
      .boolean()
      .optional()
      .describe('Whether the first row of a .csv or .tsv file names the columns. Told when absent.'),
    columns: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('The names of the columns, in their order, of files that have no header.'),
    ...columnFields,
    labels: z.array(z.string().min(1)).min(2).optional().describe('All labels. Without it, those found in train.'),
    validationFraction: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.1)
      .describe('The part of train held back when there is no validation file.'),
  })
  .describe('Where the rows are and what their fields mean.');

export type DataConfig = z.infer<typeof dataSchema>;
