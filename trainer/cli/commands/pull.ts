/** `temper pull`: downloads a model of the Hugging Face Hub into the Hugging Face cache. Ctrl-C stops it; it goes on from there. */
import {
  formatHubModelName,
  formatSize,
  parseHubModelName,
  type HubModelName,
  type PullPlan,
  type PullProgress,
} from '../../../protocol';
import type { Connection } from '../../hub/connection';
import { useProxyOfEnvironment } from '../../hub/proxy';
import { carryOut, preparePull } from '../../hub/pull';
import { readHubSettings } from '../../hub/settings';
import { cancelOnSignal } from '../cancel-on-signal';
import { badUsage, type Command, type CommandArguments } from '../command';
import type { Output } from '../output';

const firstWaitMs = 1000;

export const pullCommand: Command = {
  name: 'pull',
  synopsis: 'pull <org/name>[@revision] [--dry-run]',
  summary:
    'Download a model from the Hugging Face Hub into its cache, to be named in temper.json; --dry-run only says how much it is.',
  options: { 'dry-run': { type: 'boolean' } },
  async run(args, output) {
    const name = readName(args);
    const settings = await readHubSettings(process.env);
    useProxyOfEnvironment();
    const cancelling = cancelOnSignal();
    const onRetry = (text: string) => tell(text, output);
    try {
      return await pull(
        { inquiry: { name, settings }, signal: cancelling.signal, onRetry, firstWaitMs },
        args.flag('dry-run'),
        output,
      );
    } finally {
      cancelling.remove();
    }
  },
};

function readName({ positionals }: CommandArguments): HubModelName {
  const [text = '', ...more] = positionals;
  if (more.length > 0 || text === '') throw badUsage('pull takes one name.', pullCommand);
  const name = parseHubModelName(text);
  if (name !== undefined) return name;
  throw badUsage(
    `"${text}" is not the name of a model on the Hub, such as "sentence-transformers/all-MiniLM-L6-v2".`,
    pullCommand,
  );
}

async function pull(connection: Connection, isDryRun: boolean, output: Output): Promise<0> {
  const prepared = await preparePull(connection);
  const { plan } = prepared;
  output.record(plan);
  output.say(describePlan(plan));
  if (!isDryRun) await carryOut(prepared, connection, createReport(plan, output));
  const isComplete = !isDryRun || plan.missingBytes === 0;
  if (isComplete)
    output.say(`${plan.model} is in ${plan.dir}. In temper.json: "model": "${formatHubModelName(connection.inquiry.name)}"`);
  const downloadedBytes = isDryRun ? 0 : plan.missingBytes;
  const { model, commit, dir, totalBytes } = plan;
  output.record({ kind: 'result', model, commit, dir, totalBytes, downloadedBytes, isComplete });
  return 0;
}

function describePlan({ model, commit, source, files, totalBytes, missingBytes }: PullPlan): string {
  const what = `${model} (${commit.slice(0, 7)}) at ${source}: ${files.length} files, ${formatSize(totalBytes)}`;
  if (missingBytes === totalBytes) return `${what}.`;
  return `${what}, of which ${missingBytes === 0 ? 'nothing is' : `${formatSize(missingBytes)} are`} still to be downloaded.`;
}

/** With the pace since the download began. */
function createReport({ totalBytes, missingBytes }: PullPlan, output: Output): (progress: PullProgress) => void {
  const startedAtMs = Date.now();
  return (progress) => {
    output.record(progress);
    const bytesPerSecond = ((progress.bytes - (totalBytes - missingBytes)) * 1000) / Math.max(1, Date.now() - startedAtMs);
    const pace = bytesPerSecond > 0 ? `${formatSize(Math.round(bytesPerSecond))}/s` : '';
    output.progress(`${formatSize(progress.bytes)} of ${formatSize(totalBytes)}  ${pace}  ${progress.file}`);
  };
}

function tell(text: string, output: Output): void {
  output.record({ kind: 'output', text });
  output.say(text);
}
