import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import type { InspectedImage } from '../../../dataset/lint/linted-file';
import { createImageRules, type ImageFinding } from '../../../dataset/rules/image-rules';
import { removeProjects, writeProject } from '../temporary-project';

const upright: InspectedImage = { kind: 'ok', width: 2, height: 1, orientation: 1 };

/** What is wrong with `written`, given the files of a folder and what the inspector says of them. */
async function check(
  written: string,
  files: string[],
  found: InspectedImage = upright,
): Promise<{ folder: string; findings: ImageFinding[] }> {
  const folder = writeProject(Object.fromEntries(['metadata.csv', ...files].map((file) => [file, ''])));
  const rules = createImageRules({ inspect: () => Promise.resolve(found) });
  return { folder, findings: await rules.check({ image: resolve(folder, written), written, path: ['file_name'] }) };
}

async function fixOf(written: string, files: string[]): Promise<string | undefined> {
  const { findings } = await check(written, files);
  const [finding] = findings;
  assert.equal(finding?.code, 'missing-image');
  const fix = finding?.fix;
  assert.notEqual(fix?.isSafe, true);
  return fix?.kind === 'replace-value' ? fix.text : undefined;
}

describe('image rules', () => {
  after(removeProjects);

  describe('missing-image', () => {
    /** What is written, what is there, what is meant. */
    const meant: [string, string[], string][] = [
      ['cat.jpg', ['cat.JPG', 'cat.png', 'dog.jpg'], 'cat.JPG'],
      ['Images/cat.jpg', ['Images/Cat.jpg'], 'Images/Cat.jpg'],
      ['images/cat.jpg', ['images/cat.png', 'images/cats.jpg'], 'images/cat.png'],
      ['images/cat-01.jpg', ['images/cat_01.jpg', 'images/dog_07.jpg'], 'images/cat_01.jpg'],
      ['../../images/caf\u00e9.jpg', [], ''],
      ['caf\u00e9.jpg', ['cafe\u0301.jpg', 'cafe.jpg'], 'cafe\u0301.jpg'],
    ];
    for (const [written, files, text] of meant)
      it(`of ${written} among ${files.join(', ') || 'none'} means ${text || 'nothing'}`, async () =>
        assert.equal((await fixOf(written, files)) ?? '', text));

    it('names what is near, and the value of the row', async () => {
      const { folder, findings } = await check('a/cat.jpg', ['a/cat.png']);
      assert.deepEqual(findings, [
        {
          code: 'missing-image',
          path: ['file_name'],
          image: join(folder, 'a/cat.jpg'),
          message: 'There is no image a/cat.jpg. Did you mean cat.png?',
          fix: { kind: 'replace-value', title: 'Change to a/cat.png', isSafe: false, text: 'a/cat.png' },
        },
      ]);
    });

    it('says where it looked when nothing is near, or not even the folder is there', async () => {
      const far = await check('cat.jpg', ['zebra-photograph.png']);
      assert.equal(
        far.findings[0]?.message,
        `There is no image ${join(far.folder, 'cat.jpg')}. Correct the path, or remove the row.`,
      );
      const { findings } = await check('imgs/cat.jpg', ['images/cat.jpg']);
      assert.match(findings[0]?.message ?? '', /its folder .*imgs is not there either/);
    });

    it('is an address as well', async () => {
      const { findings } = await check('https://example.com/cat.jpg', []);
      assert.match(findings[0]?.message ?? '', /is an address.*download it/);
    });

    it('is quick in a folder of many names', async () => {
      const { findings } = await check(
        'imag-7.jpg',
        Array.from({ length: 1500 }, (_, index) => `image-${index}.jpg`),
      );
      assert.equal(findings[0]?.fix, undefined);
    });

    it('is not one that is there, nor one inside a path that goes up', async () => {
      assert.deepEqual((await check('cat.jpg', ['cat.jpg'])).findings, []);
      assert.deepEqual((await check('a/../b/./cat.jpg', ['a/x.txt', 'b/cat.jpg'])).findings, []);
    });
  });

  describe('unreadable-image', () => {
    it('is what the inspector cannot read, for its reason', async () => {
      const { findings } = await check('cat.jpg', ['cat.jpg'], { kind: 'unreadable', reason: 'it is cut off' });
      assert.deepEqual(
        findings.map(({ code, message }) => [code, message]),
        [['unreadable-image', 'The image cat.jpg cannot be read: it is cut off. Replace it.']],
      );
    });

    it('is not what it knows nothing of', async () =>
      assert.deepEqual((await check('cat.jpg', ['cat.jpg'], { kind: 'unavailable', reason: 'no library' })).findings, []));
  });

  describe('rotated-image', () => {
    for (const orientation of [2, 3, 4, 5, 6, 7, 8]) {
      it(`is one of orientation ${orientation}`, async () => {
        const { findings } = await check('cat.jpg', ['cat.jpg'], { ...upright, orientation });
        assert.deepEqual([findings.length, findings[0]?.code], [1, 'rotated-image']);
        assert.match(findings[0]?.message ?? '', new RegExp(`EXIF orientation ${orientation}\\)`));
        assert.equal((findings[0]?.message ?? '').includes('mirrored'), [2, 4, 5, 7].includes(orientation));
      });
    }

    it('is none of orientation 1', async () => assert.deepEqual((await check('cat.jpg', ['cat.jpg'], upright)).findings, []));
  });
});
