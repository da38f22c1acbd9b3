/** Questions asked one after another in the quick pick, with a step count and a way back. Knows nothing of what is asked. */
import { window, QuickInputButtons, type Disposable, type InputBox, type QuickInput, type QuickPickItem } from 'vscode';

/** Where in the row of questions this one stands. */
export interface StepPlace {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
}

/** `back` returns to the question before; `undefined` is Escape. */
export type Answer<Value> = { readonly kind: 'given'; readonly value: Value } | { readonly kind: 'back' } | undefined;

export interface ListQuestion<Item extends QuickPickItem> extends StepPlace {
  readonly placeholder: string;
  readonly items: readonly Item[];
}

export interface TextQuestion extends StepPlace {
  readonly prompt: string;
  readonly value: string;
  /** What is wrong with the text, in words; `undefined` when nothing is. */
  readonly check: (text: string) => string | undefined;
}

export function askList<Item extends QuickPickItem>(question: ListQuestion<Item>): Promise<Answer<Item>> {
  const input = window.createQuickPick<Item>();
  input.items = question.items;
  input.placeholder = question.placeholder;
  input.matchOnDescription = true;
  return ask(input, question, (give) => [
    input.onDidAccept(() => {
      const [item] = input.selectedItems;
      if (item !== undefined) give(item);
    }),
  ]);
}

export function askText(question: TextQuestion): Promise<Answer<string>> {
  const input = window.createInputBox();
  input.prompt = question.prompt;
  input.value = question.value;
  const check = () => {
    input.validationMessage = question.check(input.value.trim()) ?? '';
    return input.validationMessage === '';
  };
  return ask(input, question, (give) => [
    input.onDidChangeValue(check),
    input.onDidAccept(() => {
      if (check()) give(input.value.trim());
    }),
  ]);
}

type Buttons = Pick<InputBox, 'buttons' | 'onDidTriggerButton'>;

/** Shows the input until it is answered, left or sent back, then disposes of it. */
function ask<Value>(
  input: QuickInput & Buttons,
  place: StepPlace,
  listen: (give: (value: Value) => void) => Disposable[],
): Promise<Answer<Value>> {
  return new Promise((resolve) => {
    input.title = place.title;
    input.step = place.step;
    input.totalSteps = place.totalSteps;
    input.ignoreFocusOut = true;
    input.buttons = place.step > 1 ? [QuickInputButtons.Back] : [];
    const listeners = [
      ...listen((value) => finish({ kind: 'given', value })),
      input.onDidTriggerButton(() => finish({ kind: 'back' })),
      input.onDidHide(() => finish(undefined)),
    ];
    const finish = (answer: Answer<Value>) => {
      for (const listener of listeners) listener.dispose();
      input.dispose();
      resolve(answer);
    };
    input.show();
  });
}
