/** The thread that lints begins here: dist/lint-worker.cjs. It never sees the editor's own modules. */
import { parentPort } from 'node:worker_threads';
import { LintSession } from '../../dataset/lint/lint-session';
import { createLintTools } from '../../inputs/lint-tools';
import { createRowDescriber } from './describe-row';
import { LintThread } from './lint-thread';
import type { HostMessage } from './messages';

const port = parentPort;
if (!port) throw new Error('This is no program of its own: the extension starts it as a thread.');

const describer = createRowDescriber(createLintTools());
const thread = new LintThread({
  createSession: (dir, maxProblems) => new LintSession(dir, { tools: describer.tools, limits: { maxProblems } }),
  describeRow: (dir, found, labels) => describer.describe(dir, found, labels),
  post: (message) => port.postMessage(message),
});

port.on('message', (message: HostMessage) => thread.receive(message));
