/** The user's token for the Hugging Face Hub, in the editor's secret storage. It leaves it only in a child's environment. */
import { window, type SecretStorage } from 'vscode';
import { messages } from './messages';

const key = 'temper.huggingFaceToken';

/** What to add to a child's environment. Without a token of ours, the user's own HF_TOKEN counts. */
export async function tokenEnvironment(secrets: SecretStorage): Promise<Record<string, string>> {
  const token = await secrets.get(key);
  return token === undefined ? {} : { HF_TOKEN: token };
}

/** False when the user gave none. */
export async function askForToken(secrets: SecretStorage): Promise<boolean> {
  const isToken = (text: string) => /^[\x21-\x7e]+$/.test(text.trim());
  const token = await window.showInputBox({
    title: messages.downloadTitle,
    prompt: messages.askToken,
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (isToken(text) ? undefined : messages.tokenWrong),
  });
  if (token === undefined) return false;
  await secrets.store(key, token.trim());
  return true;
}

export async function hasToken(secrets: SecretStorage): Promise<boolean> {
  return (await secrets.get(key)) !== undefined;
}

export async function forgetToken(secrets: SecretStorage): Promise<void> {
  await secrets.delete(key);
}
