/** Temper: New Project. Asks for a template, a name and a folder, or takes them as its argument, then opens what was made. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { commands, ProgressLocation, Uri, window, workspace, type QuickPickItem } from 'vscode';
import { configFileName } from '../../dataset/project';
import { runtimeOf, type App } from '../app';
import { messages } from '../messages';
import { askList, askText, type Answer } from '../multi-step';
import { runCli } from '../process/run-cli';
import { openAt } from '../show-failure';
import { readTemplates, type Template } from '../templates';

interface Wishes {
  template?: string;
  name?: string;
  parentDir?: string;
}

/** `argument` is `{ template, name, parentDir }`; what it leaves out is asked. Gives the project's folder. */
export async function newProject(app: App, argument?: unknown): Promise<string | undefined> {
  const templates = await readTemplates(app.context.extensionUri.fsPath);
  if (templates.length === 0) throw new Error(messages.noTemplates);
  const { template, name, parentDir } = await askAll(templates, readWishes(argument));
  if (template === undefined || name === undefined || parentDir === undefined) return undefined;
  const dir = join(parentDir, name);
  await window.withProgress({ location: ProgressLocation.Window, title: messages.creatingProject(name) }, () =>
    runCli({ runtime: runtimeOf(app), args: ['new', template, dir] }),
  );
  await app.findProjects();
  void open(dir);
  return dir;
}

type Step = (wishes: Wishes) => Promise<Answer<Wishes>>;

/** Question after question; Back takes away the last answer, Escape all of them. */
async function askAll(templates: readonly Template[], given: Wishes): Promise<Wishes> {
  const steps: Step[] = [(wishes) => askTemplate(templates, wishes), askName, askFolder];
  const answers: Wishes[] = [given];
  while (answers.length <= steps.length) {
    const wishes = answers.at(-1) ?? given;
    const answer = await steps[answers.length - 1]?.(wishes);
    if (answer === undefined) return {};
    if (answer.kind === 'back') answers.pop();
    else answers.push(answer.value);
  }
  return answers.at(-1) ?? {};
}

const place = (step: number) => ({ title: messages.newProjectTitle, step, totalSteps: 3 });
const give = (value: Wishes): Answer<Wishes> => ({ kind: 'given', value });

async function askTemplate(templates: readonly Template[], wishes: Wishes): Promise<Answer<Wishes>> {
  if (wishes.template !== undefined) return give(wishes);
  const items = templates.map(({ title, description, name }) => ({ label: title, detail: description, name }));
  const answer = await askList({ ...place(1), placeholder: messages.pickTemplate, items });
  return answer?.kind === 'given' ? give({ ...wishes, template: answer.value.name }) : answer;
}

async function askName(wishes: Wishes): Promise<Answer<Wishes>> {
  if (wishes.name !== undefined) return give(wishes);
  const value = wishes.template ?? '';
  const answer = await askText({ ...place(2), prompt: messages.askName, value, check: checkName });
  return answer?.kind === 'given' ? give({ ...wishes, name: answer.value }) : answer;
}

async function askFolder(wishes: Wishes): Promise<Answer<Wishes>> {
  if (wishes.parentDir !== undefined) return give(wishes);
  const answer = await askList({ ...place(3), placeholder: messages.pickFolder, items: folderItems() });
  if (answer?.kind !== 'given') return answer;
  const parentDir = answer.value.dir ?? (await browse());
  if (parentDir === undefined) return undefined;
  const taken = join(parentDir, wishes.name ?? '');
  if (!existsSync(taken)) return give({ ...wishes, parentDir });
  void window.showWarningMessage(messages.nameTaken(taken));
  return { kind: 'back' };
}

interface FolderItem extends QuickPickItem {
  /** None: ask with the system's dialog. */
  readonly dir?: string;
}

function folderItems(): FolderItem[] {
  const folders = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath);
  return [
    ...folders.map((dir) => ({
      label: `$(folder-opened) ${basename(dir)}`,
      description: messages.folderInWorkspace,
      detail: dir,
      dir,
    })),
    { label: `$(home) ${basename(homedir())}`, description: messages.folderHome, detail: homedir(), dir: homedir() },
    { label: `$(folder) ${messages.folderBrowse}` },
  ];
}

async function browse(): Promise<string | undefined> {
  const chosen = await window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    openLabel: messages.folderBrowseButton,
    title: messages.pickFolder,
  });
  return chosen?.[0]?.fsPath;
}

function checkName(name: string): string | undefined {
  if (name === '') return messages.nameEmpty;
  return /^\.|[/\\:*?"<>|]/.test(name) ? messages.nameHasSlash : undefined;
}

/** Inside an open folder its config and readme; elsewhere the user decides which window gets it. */
async function open(dir: string): Promise<void> {
  if (workspace.getWorkspaceFolder(Uri.file(dir)) !== undefined) {
    await openAt(join(dir, configFileName));
    const readme = join(dir, 'README.md');
    if (existsSync(readme))
      await commands.executeCommand('markdown.showPreviewToSide', Uri.file(readme)).then(undefined, () => undefined);
    return;
  }
  const chosen = await window.showInformationMessage(
    messages.projectCreated(basename(dir)),
    messages.open,
    messages.openInNewWindow,
  );
  if (chosen === undefined) return;
  await commands.executeCommand('vscode.openFolder', Uri.file(dir), { forceNewWindow: chosen === messages.openInNewWindow });
}

function readWishes(argument: unknown): Wishes {
  if (typeof argument !== 'object' || argument === null) return {};
  const found = new Map<string, unknown>(Object.entries(argument));
  const text = (name: keyof Wishes) => {
    const value = found.get(name);
    return typeof value === 'string' && value !== '' ? { [name]: value } : {};
  };
  return { ...text('template'), ...text('name'), ...text('parentDir') };
}
