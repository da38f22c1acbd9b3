/**
 * What Temper sees in a dataset, in words: a few sentences derived from the figures and from nothing else, the most urgent
 * first. The last one says what there is.
 */
import type { LabelFigures, LengthFigures, ReportSentence, Severity } from '../../protocol';
import type { ReportInput, SplitInput } from './report-input';
import { count, counted, countsOf, joinWords, percent, quoted, rowsOf, verb, where } from './wording';

export interface Figures {
  /** Train first. */
  readonly inputs: readonly SplitInput[];
  /** Files that hold no rows, such as temper.json. */
  readonly others: readonly ReportInput[];
  readonly labels: LabelFigures | undefined;
  readonly lengths: LengthFigures | undefined;
  readonly isComplete: boolean;
}

const mostSentences = 5;

export function describeDataset(figures: Figures): ReportSentence[] {
  const findings = [
    ...describeErrors(figures),
    ...describeLeaks(figures),
    ...describeRareLabel(figures),
    ...describeContradictions(figures),
    ...describeLonger(figures),
    ...describeSecrets(figures),
    ...describeDuplicates(figures),
    ...describeCommonest(figures),
  ];
  const said = findings.length > 0 ? findings : describeRest(figures);
  const state = describeState(figures);
  return [...said.slice(0, mostSentences - 1 - state.length), ...state, ...describeSize(figures)];
}

function describeErrors({ inputs, others }: Figures): ReportSentence[] {
  const failing = [...inputs, ...others].filter(({ summary }) => summary.problems.error > 0);
  const errors = failing.reduce((sum, { summary }) => sum + summary.problems.error, 0);
  if (errors === 0) return [];
  const where = joinWords(failing.map(({ split }) => split ?? 'temper.json'));
  return [{ tone: 'error', lead: `${counted(errors, 'error')} in ${where}`, rest: ': a run begins when there are none.' }];
}

function describeLeaks({ inputs }: Figures): ReportSentence[] {
  const leaks = countsOf(inputs, 'leak');
  const nearLeaks = countsOf(inputs, 'near-leak');
  const why = ': scores on them show what was learnt by heart.';
  const near = nearLeaks.reduce((sum, { count }) => sum + count, 0);
  if (leaks.length > 0) {
    const more = near > 0 ? `, and ${count(near)} more almost` : '';
    return [{ tone: 'warning', lead: `${rowsOf(leaks)} ${verb(leaks, 'stands', 'stand')} in train`, rest: `${more}${why}` }];
  }
  if (near === 0) return [];
  return [{ tone: 'warning', lead: `${rowsOf(nearLeaks)} almost ${verb(nearLeaks, 'stands', 'stand')} in train`, rest: why }];
}

/** Whether a label is rare is the rule's to say. */
function describeRareLabel({ inputs, labels }: Figures): ReportSentence[] {
  const train = inputs.find(({ split }) => split === 'train');
  const rare = train?.summary.byCode.get('rare-class') ?? 0;
  const smallest = train?.summary.labels.at(-1);
  if (rare === 0 || !labels || smallest === undefined) return [];
  const others = rare > 1 ? `, and ${rare === 2 ? 'another is' : `${count(rare - 1)} others are`} hardly more frequent` : '';
  const lead = `The smallest label, ${quoted(smallest.label)}, has ${counted(smallest.rows, 'row')}`;
  return [{ tone: 'warning', lead, rest: `${others}: too few to learn ${rare > 1 ? 'them' : 'it'} from.` }];
}

function describeContradictions({ inputs }: Figures): ReportSentence[] {
  const counts = countsOf(inputs, 'conflicting-labels');
  if (counts.length === 0) return [];
  const lead = `${rowsOf(counts)} ${verb(counts, 'has', 'have')} another label than the same text elsewhere`;
  return [{ tone: 'warning', lead, rest: ': no model can be right about both.' }];
}

function describeLonger({ inputs, lengths }: Figures): ReportSentence[] {
  const counts = countsOf(inputs, 'truncated-row');
  const [first, second] = counts;
  if (first === undefined || lengths?.maxLength === undefined) return [];
  const all = inputs.find(({ split }) => split === first.split)?.summary.rows ?? 0;
  const share = second === undefined && all > 0 ? ` (${percent(first.count / all)})` : '';
  const lead = `${rowsOf(counts)}${share} ${verb(counts, 'is', 'are')} longer than ${counted(lengths.maxLength, 'token')}`;
  return [{ tone: 'warning', lead, rest: ': the model reads no more, and what follows is cut off.' }];
}

function describeSecrets({ inputs }: Figures): ReportSentence[] {
  const counts = countsOf(inputs, 'secret');
  if (counts.length === 0) return [];
  const found = counts.reduce((sum, entry) => sum + entry.count, 0);
  const lead = `${found === 1 ? 'A key or password stands' : `${count(found)} keys or passwords stand`} in ${where(counts)}`;
  return [{ tone: 'warning', lead, rest: ': a model may repeat what it has read.' }];
}

function describeDuplicates({ inputs }: Figures): ReportSentence[] {
  const counts = countsOf(inputs, 'duplicate-row');
  if (counts.length === 0) return [];
  const lead = `${rowsOf(counts)} ${verb(counts, 'stands', 'stand')} there already`;
  return [{ tone: 'warning', lead, rest: ': a row counts as often as it is repeated.' }];
}

/** What a model gets for always saying the same, where that is much. */
function describeCommonest({ inputs, labels }: Figures): ReportSentence[] {
  const train = inputs.find(({ split }) => split === 'train');
  const [most, second] = train?.summary.labels ?? [];
  const total = labels?.totals.train ?? 0;
  if (most === undefined || second === undefined || most.rows <= total / 2 || most.rows < 2 * second.rows) return [];
  const lead = `${percent(most.rows / total)} of train is ${quoted(most.label)}`;
  return [{ tone: 'info', lead, rest: ': who always says so is right as often, so look at macro F1, not at accuracy.' }];
}

/** Where nothing above has spoken. */
function describeRest({ inputs, others, isComplete }: Figures): ReportSentence[] {
  const files = [...inputs, ...others];
  const sum = (severity: Severity) => files.reduce((total, { summary }) => total + summary.problems[severity], 0);
  const [warnings, hints] = [sum('warning'), sum('information')];
  const found = [warnings > 0 ? counted(warnings, 'warning') : [], hints > 0 ? counted(hints, 'hint') : []].flat();
  if (found.length > 0) return [{ tone: 'info', lead: joinWords(found), rest: ', and nothing that stops a run.' }];
  if (!isComplete || inputs.length === 0) return [];
  return [{ tone: 'good', lead: 'No problems', rest: ' in any of the files.' }];
}

/** What the figures do not say yet, or cannot say. */
function describeState({ inputs, lengths, isComplete }: Figures): ReportSentence[] {
  if (inputs.length === 0)
    return [{ tone: 'error', lead: 'There are no rows', rest: ': temper.json leads to no file that has any.' }];
  const sentences: ReportSentence[] = [];
  if (!isComplete) sentences.push({ tone: 'info', lead: 'Rows are still compared', rest: ': leaks and duplicates may follow.' });
  if (lengths?.unit === 'character')
    sentences.push({ tone: 'info', lead: 'Tokens are not counted', rest: ': the model of this project is not on this machine.' });
  return sentences;
}

function describeSize({ inputs, labels, lengths }: Figures): ReportSentence[] {
  const train = inputs.find(({ split }) => split === 'train');
  if (train === undefined) return [];
  const { rows, labels: own } = train.summary;
  if (rows === 0) return [{ tone: 'error', lead: 'No row of train can be trained on', rest: ' as it is.' }];
  const heldOut = inputs.filter(({ split }) => split !== 'train');
  const held = heldOut.reduce((sum, { summary }) => sum + summary.rows, 0);
  const withLabels = labels && own.length > 0 ? ` with ${counted(own.length, 'label')}` : '';
  const rest = heldOut.length > 0 ? `, and ${count(held)} held out.` : '. No file is held out, so a part of them is.';
  return [{ tone: 'info', lead: `${counted(rows, 'training row')}${withLabels}`, rest: `${rest}${describeMiddle(lengths)}` }];
}

function describeMiddle(lengths: LengthFigures | undefined): string {
  const train = lengths?.splits.find(({ split }) => split === 'train');
  if (!lengths || !train) return '';
  return ` Half of the training rows have at most ${counted(train.p50, lengths.unit)}, 95 % of them at most ${count(train.p95)}.`;
}
