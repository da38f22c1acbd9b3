import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createPanelHtml } from '../../extension/panel/panel-html';

interface Manifest {
  icon: string;
  contributes: {
    commands: { command: string; title: string }[];
    menus: Record<string, { command: string }[]>;
    configuration: { properties: Record<string, { default: unknown; markdownDescription: string }> };
    walkthroughs: { steps: { description: string; completionEvents: string[]; media: { svg: string } }[] }[];
    viewsContainers: { activitybar: { icon: string }[] };
    viewsWelcome: { contents: string }[];
  };
}

// Bundled tests run in the repository's root.
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const { commands, menus, configuration, walkthroughs, viewsContainers, viewsWelcome } = manifest.contributes;
const declared = new Set(commands.map(({ command }) => command));
const steps = walkthroughs.flatMap((walkthrough) => walkthrough.steps);

describe('the manifest', () => {
  it('declares the commands that the extension registers, and no others', () => {
    const source = readFileSync('extension/extension.ts', 'utf8');
    const registered = [...source.matchAll(/^ {2}'(temper\.\w+)':/gm)].map(([, id]) => id);
    assert.deepEqual([...declared].sort(), registered.sort());
  });

  it('names only commands that exist in menus, welcome texts and the walkthrough', () => {
    const texts = [...viewsWelcome.map(({ contents }) => contents), ...steps.map(({ description }) => description)].join('\n');
    const events = steps.flatMap(({ completionEvents }) => completionEvents).map((event) => event.replace(/^onCommand:/, ''));
    const linked = [...texts.matchAll(/\(command:([\w.]+)\)/g)].map(([, id]) => id ?? '');
    const used = [...Object.values(menus).flatMap((items) => items.map(({ command }) => command)), ...linked, ...events];
    const unknown = used.filter((id) => !declared.has(id) && !/^(vscode|workbench)\./.test(id));
    assert.deepEqual(unknown, []);
  });

  it('declares the settings that the extension reads with the same defaults, and no others', () => {
    const source = readFileSync('extension/settings.ts', 'utf8');
    const read = [...source.matchAll(/get\('([\w.]+)', ([^)]+)\)/g)].map(
      ([, name = '', value = '']) => `temper.${name} ${value}`,
    );
    const properties = Object.entries(configuration.properties);
    const defaults = properties.map(([name, { default: value }]) => `${name} ${JSON.stringify(value).replaceAll('"', "'")}`);
    assert.deepEqual(read.sort(), defaults.sort());
    for (const { markdownDescription } of Object.values(configuration.properties)) assert.ok(markdownDescription.length > 20);
  });

  it('points at pictures that are there', () => {
    const pictures = [
      manifest.icon,
      ...viewsContainers.activitybar.map(({ icon }) => icon),
      ...steps.map(({ media }) => media.svg),
    ];
    assert.deepEqual(
      pictures.filter((file) => !existsSync(file)),
      [],
    );
  });
});

describe("the run panel's page", () => {
  const page = { cspSource: 'https://x.test', scriptUri: 'https://x.test/a"b.js', nonce: 'abc' };
  const html = createPanelHtml({ element: 'temper-run-panel', ...page });

  it('lets nothing run or load but its own bundle', () => {
    const policy = /content="(default-src [^"]+)"/.exec(html)?.[1]?.replaceAll('&#39;', "'");
    assert.equal(
      policy,
      "default-src 'none'; script-src 'nonce-abc'; style-src https://x.test 'nonce-abc'; font-src https://x.test; img-src https://x.test",
    );
    assert.equal(html.match(/<script/g)?.length, 1);
    assert.match(html, /<script nonce="abc" src=/);
  });

  it('keeps what it is given inside of its quotes', () => {
    assert.match(html, /src="https:\/\/x\.test\/a&quot;b\.js"/);
  });
});
