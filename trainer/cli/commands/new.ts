/** `temper new`: a project from a template. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { packageRoot } from '../../../inputs/assets';
import { nearestName, RunFailure } from '../../../protocol';
import { badUsage, type Command } from '../command';

export const newCommand: Command = {
  name: 'new',
  synopsis: 'new <template> <dir>',
  summary: 'Make a project from a template, for instance text-classification.',
  options: {},
  async run({ positionals }, output) {
    const [template, target] = positionals;
    if (template === undefined || target === undefined || positionals.length > 2)
      throw badUsage('new takes a template and a folder.', newCommand);
    const source = await findTemplate(template);
    const dir = resolve(target);
    await requireEmpty(dir);
    await copyTemplate(source, dir);
    output.say(`Made ${dir} from ${template}.\nNext: temper train ${target}`);
    output.record({ kind: 'result', template, dir, files: (await readdir(dir)).sort() });
    return 0;
  },
};

/** Everything but the template's own description; `gitignore` gets its dot (packages drop dot files). */
async function copyTemplate(source: string, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await cp(source, dir, { recursive: true, filter: (path) => path !== join(source, 'template.json') });
  if (existsSync(join(dir, 'gitignore'))) await rename(join(dir, 'gitignore'), join(dir, '.gitignore'));
}

async function findTemplate(name: string): Promise<string> {
  const all = join(packageRoot(), 'templates');
  const known = (await readdir(all, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  if (known.includes(name)) return join(all, name);
  const nearest = nearestName(name, known);
  throw badUsage(
    `There is no template "${name}". ${nearest === undefined ? `Known: ${known.join(', ')}.` : `Did you mean "${nearest}"?`}`,
    newCommand,
  );
}

async function requireEmpty(dir: string): Promise<void> {
  const found = existsSync(dir) ? await readdir(dir) : [];
  if (found.length === 0) return;
  throw new RunFailure({
    code: 'bad-usage',
    message: `${dir} is not empty (${found.length} entries).`,
    hint: 'Choose a folder that does not exist yet.',
    file: dir,
  });
}
