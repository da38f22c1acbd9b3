/** The Markdown pages against the code: what they list is there, and what is there they list. The words are for people. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { errorCodes, methodSchema, problemCodes, runEventSchema } from '../../protocol';
import { isIgnored, linksOf, pages, pathsNamedIn, sectionOf, withoutCode } from './pages';

// Bundled tests run in the repository's root.
const read = (file: string) => readFileSync(file, 'utf8');
const codeNames = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name);
const headings = (file: string) => [...read(file).matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);

const commandSchema = z.object({ command: z.string(), title: z.string(), category: z.string().optional() });
const dependencySchema = z.record(z.string(), z.string()).default({});
const manifest = z
  .object({
    contributes: z.object({ commands: z.array(commandSchema) }),
    dependencies: dependencySchema,
    devDependencies: dependencySchema,
    optionalDependencies: dependencySchema,
    peerDependencies: dependencySchema,
  })
  .parse(JSON.parse(read('package.json')));

describe('ARCHITECTURE.md', () => {
  it('names every top-level folder in its code map, and no other', () => {
    const isShown = (name: string) => statSync(name).isDirectory() && !isIgnored(name) && readdirSync(name).length > 0;
    const folders = readdirSync('.').filter(isShown);
    const map = sectionOf(read('ARCHITECTURE.md'), 'Code map');
    const named = [...map.matchAll(/\*\*`([^`]+)\/`\*\*/g)].map(([, name]) => name);
    assert.deepEqual(named.sort(), folders.sort());
  });

  it('names only files that exist in its code map', () => {
    const map = sectionOf(read('ARCHITECTURE.md'), 'Code map');
    const missing = map.split(/\n{2,}/).flatMap((paragraph) => {
      const folders = [...paragraph.matchAll(/\*\*`([^`]+)\/`\*\*/g)].map(([, name = '']) => name);
      const isBuilt = (name: string) => isIgnored(name.split('/')[0] ?? '');
      const names = codeNames(paragraph).filter((name) => /^[\w./-]+(\.ts|\.mjs|\/)$/.test(name) && !isBuilt(name));
      return names.filter((name) => ![...folders, '.'].some((folder) => existsSync(join(folder, name))));
    });
    assert.deepEqual(missing, []);
  });

  it('has a row for every world that the linter walls in', () => {
    const walls = /const worlds = \[(.+)\]/.exec(read('eslint.config.mjs'))?.[1] ?? '';
    const worlds = [...walls.matchAll(/'(\w+)'/g)].map(([, world]) => world);
    const table = sectionOf(read('ARCHITECTURE.md'), 'Worlds');
    const rows = [...table.matchAll(/^\| `(\w+)\/`/gm)].map(([, world]) => world);
    assert.deepEqual(rows, [...worlds, 'test']);
  });
});

describe('docs/rules.md', () => {
  it('has a section for every problem code, in the same order, and no other', () => {
    assert.deepEqual(headings('docs/rules.md'), [...problemCodes]);
  });
});

describe('docs/methods.md', () => {
  it('has a row for every method, in the order of the schema', () => {
    const [table = ''] = read('docs/methods.md').split('\n## ');
    const rows = [...table.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(
      rows,
      methodSchema.options.map(({ shape }) => shape.type.value),
    );
  });
});

describe('docs/dependencies.md', () => {
  it('has one line for every dependency in package.json, and for no other package that is in use', () => {
    const page = read('docs/dependencies.md').split('## What we do not use')[0] ?? '';
    const lines = [...page.matchAll(/^- `([^`]+)`: \S/gm)].map(([, name]) => name);
    const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest;
    const all = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies };
    assert.deepEqual(lines.sort(), Object.keys(all).sort());
  });
});

describe('docs/json-output.md', () => {
  const page = read('docs/json-output.md');

  it('has a section for every command of temper, and for no other', () => {
    const commands = readdirSync('trainer/cli/commands').map((file) => `temper ${basename(file, '.ts')}`);
    const sections = headings('docs/json-output.md').filter((heading) => heading.startsWith('temper '));
    assert.deepEqual(sections.sort(), commands.sort());
  });

  it('names every error code', () => {
    const named = new Set(codeNames(page));
    assert.deepEqual(
      errorCodes.filter((code) => !named.has(code)),
      [],
    );
  });

  it('shows lines that are JSON and have a kind', () => {
    const lines = [...page.matchAll(/^\{.*$/gm)].map(([line]) => z.object({ kind: z.string() }).parse(JSON.parse(line)));
    assert.ok(lines.length > 10);
  });
});

describe('docs/run-folder.md', () => {
  const page = read('docs/run-folder.md');

  it('names every kind of event', () => {
    const named = new Set(codeNames(sectionOf(page, 'events.ndjson')));
    const kinds = runEventSchema.options.flatMap(({ shape }) => [...shape.kind.values]);
    assert.deepEqual(
      kinds.filter((kind) => !named.has(kind)),
      [],
    );
  });

  it('shows events that the reader accepts', () => {
    const lines = [...sectionOf(page, 'events.ndjson').matchAll(/^\{.*$/gm)].map(([line]) => line);
    assert.ok(lines.length > 5);
    for (const line of lines) assert.doesNotThrow(() => runEventSchema.parse(JSON.parse(line)), line);
  });
});

describe('the pages', () => {
  it('link to files and sections that exist', () => {
    const broken = pages().flatMap((page) =>
      linksOf(read(page))
        .filter((link) => !resolves(page, link))
        .map((link) => `${page}: ${link}`),
    );
    assert.deepEqual(broken, []);
  });

  it('name only paths that exist', () => {
    const wrong = pages().flatMap((page) =>
      pathsNamedIn(read(page)).flatMap((path) => (existsSync(path) ? [] : [`${page}: ${path}`])),
    );
    assert.deepEqual(wrong, []);
  });
});

describe('the layers of the tests', () => {
  const list = /layers = \[(.+)\]/.exec(read('scripts/test-layers.mjs'))?.[1] ?? '';
  const layers = [...list.matchAll(/'(\w+)'/g)].map(([, layer = '']) => layer);

  it('all run in the desktop job of the workflow, but the editor', () => {
    const named = /npm test -- (.+)$/m.exec(read('.github/workflows/ci.yml'))?.[1] ?? '';
    assert.deepEqual(named.split(' '), layers);
  });

  it('all have a row in CONTRIBUTING.md', () => {
    const rows = sectionOf(read('CONTRIBUTING.md'), 'Test').matchAll(/^\| (`.+?`) \|/gm);
    const named = [...rows].flatMap(([, names = '']) => codeNames(names));
    assert.deepEqual(named.sort(), [...layers, 'editor'].sort());
  });
});

describe('the commands in package.json', () => {
  it('have the category Temper, and titles without it and without emoji', () => {
    for (const { command, title, category } of manifest.contributes.commands) {
      assert.equal(category, 'Temper', command);
      assert.doesNotMatch(title, /\p{Extended_Pictographic}|^Temper/u, command);
    }
  });
});

function resolves(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page : join(dirname(page), decodeURIComponent(path));
  if (!existsSync(file)) return false;
  return anchor === undefined || anchorsOf(read(file)).includes(anchor);
}

/** As GitHub makes them: lower case, punctuation dropped, blanks as hyphens. */
function anchorsOf(text: string): string[] {
  const titles = [...withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => title);
  return titles.map((title) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
