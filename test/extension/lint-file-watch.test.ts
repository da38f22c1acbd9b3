import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watch as watchWithChokidar } from 'chokidar';
import { FileWatch } from '../../extension/lint/file-watch';
import { waitUntil } from './wait-until';

describe('watching the files of a project', () => {
  let dir: string;
  let heard: string[];
  let watch: FileWatch;

  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'temper-watch-')));
    mkdirSync(join(dir, 'data'));
    heard = [];
    watch = new FileWatch((path, isGone) => heard.push(`${isGone ? 'gone' : 'there'} ${path.slice(dir.length + 1)}`));
  });
  afterEach(() => {
    watch.dispose();
    rmSync(dir, { recursive: true, force: true });
  });

  const names = ['temper.json', 'data/train.jsonl', 'data/test.jsonl'];
  const file = (name: string) => join(dir, name);
  const write = (name: string) => writeFileSync(file(name), String(Math.random()));
  const hears = async (what: string, act: () => void) => {
    heard.length = 0;
    act();
    await waitUntil(`"${what}" is heard`, () => heard.includes(what));
  };
  const start = async () => {
    for (const name of names) write(name);
    watch.setFiles(new Set(names.map(file)));
    await waitUntil('all are there', () => names.every((name) => heard.includes(`there ${name}`)));
  };

  it('says of each file that it is there, and that it changed', async () => {
    await start();
    await hears('there data/test.jsonl', () => write('data/test.jsonl'));
    await hears('there temper.json', () => write('temper.json'));
  });

  it('says that a file is gone, and again that it is back, as often as that happens', async () => {
    await start();
    for (let time = 0; time < 3; time++) {
      await hears('gone data/test.jsonl', () => rmSync(file('data/test.jsonl')));
      await hears('there data/test.jsonl', () => write('data/test.jsonl'));
      await hears('there data/test.jsonl', () => write('data/test.jsonl'));
    }
  });

  it('hears of a file that was not there before', async () => {
    write('temper.json');
    watch.setFiles(new Set([file('temper.json'), file('data/train.jsonl')]));
    await waitUntil('the first is there', () => heard.length > 0);
    await hears('there data/train.jsonl', () => write('data/train.jsonl'));
  });

  it('hears of a file that another was renamed to, as editors save', async () => {
    await start();
    await hears('there data/train.jsonl', () => {
      write('data/train.jsonl.new');
      renameSync(file('data/train.jsonl.new'), file('data/train.jsonl'));
    });
    assert.ok(!heard.some((event) => event.includes('.new')));
  });

  it('is deaf to files that are no longer meant, and hears them when they are again', async () => {
    await start();
    watch.setFiles(new Set([file('temper.json')]));
    write('data/train.jsonl');
    await hears('there temper.json', () => write('temper.json'));
    assert.ok(!heard.includes('there data/train.jsonl'));
    await hears('there data/train.jsonl', () => watch.setFiles(new Set(names.map(file))));
    await hears('there data/train.jsonl', () => write('data/train.jsonl'));
  });

  it('notices a change on a disk that tells nobody what happens on it', async () => {
    const deaf = watchWithChokidar([]);
    await deaf.close();
    const changes: string[] = [];
    for (const name of names) write(name);
    const blind = new FileWatch(
      (path, isGone) => changes.push(`${isGone ? 'gone' : 'there'} ${path.slice(dir.length + 1)}`),
      deaf,
    );
    try {
      blind.setFiles(new Set(names.map(file)));
      await new Promise((resume) => setTimeout(resume, 2500));
      write('data/test.jsonl');
      await waitUntil('the change is noticed', () => changes.includes('there data/test.jsonl'));
      rmSync(file('data/train.jsonl'));
      await waitUntil('that it is gone is noticed', () => changes.includes('gone data/train.jsonl'));
    } finally {
      blind.dispose();
    }
  }).timeout(15_000);
});
