/** `temper export`: a checkpoint as other tools read it. */
import { resolve } from 'node:path';
import { exportForms, exportModel } from '../../export-model';
import { openModel } from '../../open-checkpoint';
import { badUsage, type Command } from '../command';

export const exportCommand: Command = {
  name: 'export',
  synopsis: 'export <run-dir|checkpoint-dir|adapter-dir> --to peft|merged <dir> [--model BASE]',
  summary: 'Write a checkpoint (of a run: the best one) as an adapter for PEFT, or merged into its base for transformers.',
  options: { to: { type: 'string' }, model: { type: 'string' } },
  async run({ positionals, text }, output) {
    const [target, to] = positionals;
    if (target === undefined || to === undefined || positionals.length > 2)
      throw badUsage('export takes a run or checkpoint folder, and a folder to write.', exportCommand);
    const form = exportForms.find((known) => known === text('to'));
    if (form === undefined) throw badUsage(`--to takes ${exportForms.join(' or ')}.`, exportCommand);
    const dir = resolve(to);
    const opened = await openModel(resolve(target), text('model'));
    const files = await exportModel(opened, form, dir).finally(() => {
      opened.adapter.dispose();
    });
    output.say(`Wrote ${dir}: ${files.join(', ')}.`);
    output.record({ kind: 'result', to: form, dir, files });
    return 0;
  },
};
