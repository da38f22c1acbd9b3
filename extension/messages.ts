/** Every sentence that the editor side says to a person. What the trainer and the linter say they write themselves. */
import { formatSize, type InstallProgress, type PullPlan, type PullProgress, type RunError, type Severity } from '../protocol';

export const messages = {
  // New Project
  newProjectTitle: 'New Temper Project',
  pickTemplate: 'What should the model learn to do?',
  askName: 'The name of the project; its folder is called the same.',
  pickFolder: 'Where should the folder be created?',
  folderInWorkspace: 'the open folder',
  folderHome: 'your home folder',
  folderBrowse: 'Browse…',
  folderBrowseButton: 'Create Here',
  nameEmpty: 'A name is needed.',
  nameHasSlash: 'A name cannot contain / or \\ or start with a dot.',
  nameTaken: (dir: string) => `${dir} exists already. Choose another name.`,
  noTemplates: 'This copy of Temper has no templates: it was packaged wrongly. Please install it again.',
  creatingProject: (name: string) => `Creating ${name}`,
  projectCreated: (name: string) => `${name} is ready.`,
  open: 'Open',
  openInNewWindow: 'Open in New Window',

  // Start Fine-Tune
  startTitle: 'Start Fine-Tune',
  pickProject: 'Which project?',
  starting: (project: string) => `Starting a run of ${project}`,
  started: (method: string, model: string) => `Temper: fine-tuning ${model} (${method})`,
  noProject: 'There is no temper.json in this window. Create a project from a template, or open a folder that has one.',
  noFolder: 'Temper works in a folder on this machine. Open one, or create a project from a template.',
  newProject: 'New Project',
  openFile: 'Open File',
  endedWithoutWord: 'It ended before it could say why; its log may.',

  // Restricted Mode
  untrusted:
    'Temper does not train, evaluate or download in Restricted Mode, because the folder says which model and files are used. Trust it first.',
  manageTrust: 'Manage Workspace Trust',

  // Runs
  pickRun: 'Which run?',
  noRuns: 'There is no run yet. Start one with "Temper: Start Fine-Tune".',
  noActiveRun: 'No run is training.',
  noCheckpoint: 'There is no checkpoint yet. A run saves its first one after its first evaluation.',
  runGone: (runDir: string) => ({
    message: `There is no run in ${runDir} any more.`,
    hint: 'It was deleted or moved. Close this panel.',
  }),
  runBroken: (found: string) => ({
    message: `run.json cannot be used: ${found}.`,
    hint: 'It was written by another version of Temper or changed by hand.',
  }),
  stopping: (name: string) => `Stopping ${name}: finishing the step and saving`,
  stopSlow: (name: string) =>
    `${name} is still finishing its step. Stop it now? What it learnt since the last checkpoint is lost.`,
  stopNow: 'Stop Now',
  keepWaiting: 'Keep Waiting',
  noLog: 'This run has no log.',
  deleteRunning: (name: string) => `${name} is still running. Stop it first.`,
  confirmDelete: (name: string) => `Delete the run ${name} with its checkpoints and evaluations?`,
  moveToTrash: 'Move to Trash',
  cannotTrash: (name: string) => `There is no trash on this machine. Delete ${name} for good?`,
  deleteForGood: 'Delete for Good',

  // Evaluate
  checkpointGone: 'This checkpoint is no longer on the disk.',
  pickCheckpoint: 'Which checkpoint?',
  pickSplit: 'On which rows?',
  evaluating: (step: number, split: string) => `Evaluating step ${step} on ${split}`,
  evaluated: (name: string, step: number, result: string) => `${name}, step ${step}, ${result}`,
  evaluationCancelled: 'Cancelled.',
  openRun: 'Open Run',
  splitDescriptions: {
    validation: 'the rows that chose the best checkpoint',
    test: 'rows that the run looked at once, at the end',
    ood: 'out of distribution: another source or another style',
  },

  // How a run ended
  runEnded: (name: string, how: string) => `${name} ${how}`,
  runLost: (name: string) => `${name} stopped without a word: its process is gone.`,

  // Lint
  moreProblems: (count: number, shown: number) =>
    `${count} more problems are not shown: Temper shows ${shown} per file ("temper.lint.maxProblemsPerFile").`,
  lintTitle: 'Lint',
  linterDied: 'The linter stopped and was started again. The log says why.',
  linterGone: 'The linter stopped several times in a row, so problems are not up to date. The log says why.',
  lintAgain: 'Lint Again',
  rowCount: (rows: number) => counted(rows, 'row', 'rows'),
  labelCount: (labels: number) => counted(labels, 'label', 'labels'),
  tokenFigures: (middle: string, high: string, longest: string) => `tokens p50 ${middle} · p95 ${high} · max ${longest}`,
  ofLimit: (tokens: number) => ` of ${tokens.toLocaleString('en-US')}`,
  problemCounts: ({ error, warning, information }: Readonly<Record<Severity, number>>) => {
    const counts = [
      error > 0 ? counted(error, 'error', 'errors') : '',
      warning > 0 ? counted(warning, 'warning', 'warnings') : '',
      information > 0 ? counted(information, 'hint', 'hints') : '',
    ];
    return counts.filter((count) => count !== '').join(', ') || 'no problems';
  },
  summaryTooltip: 'Show the dataset report',
  fixProblems: (count: number, isAll: boolean) =>
    `Fix ${count.toLocaleString('en-US')}${isAll ? '' : ' or more'} ${count === 1 ? 'problem' : 'problems'}`,
  fixProblemsTooltip: 'Only what cannot be wrong: what the rows mean stays as it is',
  fixAllTitle: 'Fix All in File',
  fixAllSafe: 'Fix all safe problems in this file',
  fixAllOf: (code: string, count: number) => `Fix all '${code}' in this file (${count})`,
  pickFileToFix: 'Which file? Only what cannot be wrong is changed.',
  nothingToFix: 'There is nothing that Temper can fix by itself.',
  nothingToFixIn: (file: string) => `There is nothing in ${file} that Temper can fix by itself.`,
  fixed: (edits: number, file: string) => `${counted(edits, 'change', 'changes')} made in ${file}.`,
  cannotFixHere: (file: string) =>
    `${file} cannot be changed in the editor; it may be too large. Run "temper lint --fix" in a terminal.`,
  cannotFixNow: (file: string) =>
    `What was checked is not what the editor shows of ${file}: it is being checked again, or its encoding must be mended first. Try again in a moment, or run "temper lint --fix" in a terminal.`,
  suppressRow: (code: string) => `Suppress '${code}' for this row…`,
  suppressFile: (code: string) => `Suppress '${code}' in this file…`,
  suppressTitle: (code: string) => `Suppress '${code}'`,
  askReason: 'Why is this right as it is? The reason is written to temper.json, beside the rule.',
  reasonEmpty: 'A reason is needed: others will read it.',
  configBroken: (file: string) => `${file} is not JSON, so nothing can be added to it. Mend it first.`,
  showRule: (code: string) => `Show the rule '${code}'`,
  asModelSees: 'As the model sees it',
  modelNotHere:
    'The model of this project is not on this machine, so its tokens are not known. "Temper: Download Base Model" brings it.',
  tokensRead: (count: number) => `${counted(count, 'token', 'tokens')}, all are read`,
  tokensCut: (count: number, read: number) => `${counted(count, 'token', 'tokens')}, ${read.toLocaleString('en-US')} are read`,
  tokensLearnt: (count: number) =>
    count === 1 ? 'The bold one is learnt.' : `The ${count.toLocaleString('en-US')} bold ones are learnt.`,
  moreTokens: (count: number) => `… and ${count.toLocaleString('en-US')} more`,
  cutHere: (count: number) => `cut here, ${counted(count, 'token is', 'tokens are')} lost`,
  notRead: 'Not read:',
  labelWord: (count: number) => (count === 1 ? 'Label:' : 'Labels:'),
  classNumber: (index: number) => `class ${index}`,
  reportTitle: 'Show Dataset Report',
  reportOf: (project: string) => `${project}: dataset`,
  reportGone: (projectDir: string) => ({
    message: `There is no project in ${projectDir} any more.`,
    hint: 'Its temper.json was deleted or moved. Close this report.',
  }),
  reportOff: {
    message: 'Linting is switched off, and the report is made of what linting finds.',
    hint: 'Switch on "temper.lint.enabled" in the settings.',
  },

  // Leaks
  startWithLeaks: 'Held-out rows stand in the training rows, so what is measured on them will be too good. Start anyway?',
  startAnyway: 'Start Anyway',
  showProblems: 'Show Problems',

  // Set Up Acceleration
  accelerationTitle: 'Set Up Acceleration',
  lookingForAcceleration: 'Looking at what this machine has',
  acceleratorsTitle: 'what can make training faster',
  findingsTitle: 'what was found on this machine',
  pickAccelerator: 'What should be installed? Nothing is downloaded before you confirm it.',
  acceleratorNames: {
    'tensorflow-gpu': 'TensorFlow on an NVIDIA GPU',
    tensorflow: 'TensorFlow on the processor',
    webgpu: 'WebGPU',
  },
  findingNames: {
    system: 'System',
    node: 'Node.js',
    gpu: 'GPU',
    driver: 'Driver',
    cuda: 'CUDA',
    vulkan: 'Vulkan',
    npm: 'npm',
    disk: 'Disk',
  },
  acceleratorStates: {
    usable: 'works',
    broken: 'installed, but cannot be used',
    installable: 'can be installed',
    impossible: 'cannot be installed here',
  },
  acceleratorSays: (name: string, text: string) => `${name}: ${text}`,
  acceleratorInstalled: (name: string) => `${name} is installed.`,
  confirmInstall: (name: string) => `Install ${name}?`,
  confirmInstallDetail: (bytes: number, source: string) =>
    `npm downloads it from ${source} into Temper's own storage; there it takes about ${(bytes / 1e9).toFixed(1)} GB. It is used once it has passed a self-test.`,
  install: 'Install',
  installAgain: 'Install Again',
  removeAccelerator: 'Remove',
  installing: (name: string) => `Installing ${name}`,
  installProgress: ({ phase, bytes, message }: InstallProgress) => `${phase}, ${(bytes / 1e6).toFixed(0)} MB. ${message}`.trim(),
  acceleratorReady: (name: string, chosen: string) => `${name} works. A run uses ${chosen} now, if "backend" is "auto".`,
  acceleratorRemoved: (name: string) => `${name} was removed.`,
  showLog: 'Show Log',

  // Download Base Model
  downloadTitle: 'Download Base Model',
  askModel: 'The name of a model on the Hugging Face Hub, as it stands on top of its page.',
  modelExample: 'sentence-transformers/all-MiniLM-L6-v2',
  modelNameWrong: 'A name looks like org/name or org/name@revision.',
  askingHub: (model: string) => `Asking for ${model}`,
  confirmDownload: (model: string) => `Download ${model}?`,
  confirmDownloadDetail: ({ source, missingBytes, totalBytes, files, dir }: PullPlan) => {
    const rest = missingBytes === totalBytes ? '' : ` of ${formatSize(totalBytes)}; the rest is there already`;
    return `${files.length} files, ${formatSize(missingBytes)}${rest}, from ${source} into the Hugging Face cache: ${dir}. Nothing of yours is sent there.`;
  },
  download: 'Download',
  downloading: (model: string) => `Downloading ${model}`,
  downloadProgress: ({ bytes, totalBytes, file }: PullProgress) => `${formatSize(bytes)} of ${formatSize(totalBytes)}, ${file}`,
  downloadCancelled: (model: string) =>
    `The download of ${model} was cancelled. What is there is kept: it goes on from there when you ask for it again.`,
  modelReady: (model: string) => `${model} is on this machine. To train it, write "model": "${model}" into temper.json.`,
  copyName: 'Copy Name',
  accessDeniedDetail: (hint: string) => `${hint} Here, a token is kept in the secret storage of this editor.`,
  enterToken: 'Enter Token',
  forgetToken: 'Forget Token',
  askToken:
    'A token of yours with read access, from https://huggingface.co/settings/tokens. It is sent to the Hub and nowhere else.',
  tokenWrong: 'A token is one word of letters, digits and signs. It usually begins with hf_.',
  tokenForgotten: 'The token was forgotten.',

  // Any command
  failed: (title: string, reason: string) => `${title}: ${reason}`,
} as const;

/** What was found, and what to do about it. */
export function formatRunError({ message, hint }: RunError): string {
  return `${message} ${hint}`.trim();
}

function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
