/** The templates that Temper ships: one folder each, with a template.json that says what it is for. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Template {
  /** The folder's name. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
}

export async function readTemplates(extensionDir: string): Promise<Template[]> {
  const dir = join(extensionDir, 'templates');
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(names.sort().map((name) => readTemplate(dir, name)));
}

async function readTemplate(dir: string, name: string): Promise<Template> {
  const found: unknown = JSON.parse(await readFile(join(dir, name, 'template.json'), 'utf8'));
  const facts = new Map<string, unknown>(Object.entries(found ?? {}));
  const text = (key: string) => {
    const value = facts.get(key);
    return typeof value === 'string' ? value : undefined;
  };
  return { name, title: text('title') ?? name, description: text('description') ?? '' };
}
