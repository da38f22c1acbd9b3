/**
 * A row as the model sees it, in Markdown. Everything that comes from the row stands in code spans or is escaped: it is
 * data, and may look like Markdown.
 */
import type { SeenLabel, SeenSequence, SeenToken } from '../../inputs/as-model-sees';
import type { RowDescription } from '../lint-worker/describe-row';
import { messages } from '../messages';

const longestLost = 300;

export function formatHover(description: RowDescription): string {
  return [`**${messages.asModelSees}**`, ...formatParts(description)].join('\n\n');
}

function formatParts(description: RowDescription): string[] {
  switch (description.kind) {
    case 'no-model':
      return [messages.modelNotHere];
    case 'refused':
      return [escapeMarkdown(description.reason)];
    case 'seen': {
      const { sequences, labels } = description.seen;
      return [...sequences.flatMap(formatSequence), ...(labels.length > 0 ? [formatLabels(labels)] : [])];
    }
    default:
      return description satisfies never;
  }
}

function formatSequence(sequence: SeenSequence): string[] {
  const { role, tokens, unlisted, tokenCount, maxLength, learntTokens, lost } = sequence;
  const isCut = tokenCount > maxLength;
  const counts = isCut ? messages.tokensCut(tokenCount, maxLength) : messages.tokensRead(tokenCount);
  const learnt = learntTokens > 0 ? ` ${messages.tokensLearnt(learntTokens)}` : '';
  const rest = unlisted > 0 ? ` ${messages.moreTokens(unlisted)}` : '';
  const scissors = isCut ? ` ✂ ${messages.cutHere(tokenCount - maxLength)}` : '';
  return [
    `${role === 'row' ? '' : `**${role}**: `}${counts}.${learnt}`,
    `${tokens.map(formatToken).join(' ')}${rest}${scissors}`,
    ...(lost === undefined ? [] : [`${messages.notRead} ${formatCode(shorten(lost))}`]),
  ];
}

/** What is learnt is bold. */
function formatToken({ id, text, isLearnt, tag }: SeenToken): string {
  const code = formatCode(text === '' ? `#${id}` : text);
  return `${isLearnt ? `**${code}**` : code}${tag === undefined ? '' : ` (${escapeMarkdown(tag)})`}`;
}

function formatLabels(labels: readonly SeenLabel[]): string {
  const words = labels.map(
    ({ name, index }) => `${formatCode(name)}${index === undefined ? '' : ` (${messages.classNumber(index)})`}`,
  );
  return `${messages.labelWord(labels.length)} ${words.join(', ')}`;
}

/** The text as it is, but for characters that cannot be seen; those are spelled out. */
export function formatCode(text: string): string {
  const visible = text.replace(
    /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}|\p{Cs}/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  const longestRun = Math.max(0, ...[...visible.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longestRun + 1);
  const pad = /^[ `]|[ `]$/.test(visible) ? ' ' : '';
  return `${fence}${pad}${visible}${pad}${fence}`;
}

/** For words outside of code spans: no sign of it means anything. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, '\\$&').replace(/\s+/g, ' ');
}

function shorten(text: string): string {
  return text.length > longestLost ? `${text.slice(0, longestLost).replace(/[\ud800-\udbff]$/, '')}…` : text;
}
