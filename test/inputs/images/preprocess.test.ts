import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../../inputs/assets';
import { readImage } from '../../../inputs/images/decode';
import { preprocess, readImageProcessor } from '../../../inputs/images/preprocess';
import { parseImageSteps, readImageSteps } from '../../../inputs/images/preprocessor-config';
import { resize } from '../../../inputs/images/resize';
import { RunFailure } from '../../../protocol';
import { readSafetensors, type NamedTensors } from '../../../trainer/safetensors';
import { temporaryFolder } from '../../trainer/temporary-folder';

const folder = temporaryFolder('images');
after(() => {
  folder.remove();
});

/** Made by test/golden/make_images.py with transformers and Pillow. */
const fixture = join(packageRoot(), 'test', 'golden', 'fixtures', 'images');
const configs = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(join(fixture, 'configs.json'), 'utf8')));

describe('an image becomes the numbers that transformers makes of it', () => {
  let expected: NamedTensors;
  before(async () => {
    expected = await readSafetensors(join(fixture, 'expected.safetensors'));
  });

  for (const image of ['wide.png', 'small.png', 'grey.png', 'transparent.png', 'turned.jpg']) {
    for (const [kind, config] of Object.entries(configs)) {
      it(`${image}, ${kind}`, async () => {
        const { shape, values } = preprocess(await readImage(join(fixture, image)), parseImageSteps(config, 'here'));
        const wanted = expected.get(`${image} ${kind}`);
        assert.deepEqual([...shape], wanted?.shape);
        assert.deepEqual(values, wanted?.values); // to the last bit
      });
    }
  }

  it('through the folder of a model', async () => {
    writeFileSync(join(folder.path, 'preprocessor_config.json'), JSON.stringify(configs['clip']));
    const processor = await readImageProcessor(folder.path);
    const { values } = await processor.read(join(fixture, 'wide.png'));
    assert.deepEqual(values, expected.get('wide.png clip')?.values);
  });
});

describe('resizing', () => {
  const pixels = (...greys: number[]) => Uint8Array.from(greys.flatMap((grey) => [grey, grey, grey]));

  it('leaves an image of the right size alone', () => {
    const image = { width: 2, height: 1, pixels: pixels(3, 200) };
    assert.equal(resize(image, 2, 1, 3), image);
  });

  it('averages what it shrinks, bilinear: a triangle over twice the width', () => {
    // 4 to 2: the first pixel's centre is 1, its triangle reaches 2 to each side: weights 3/4, 3/4, 1/4 of 7/4 in sum
    const image = { width: 4, height: 1, pixels: pixels(70, 70, 0, 0) };
    assert.deepEqual(resize(image, 2, 1, 2).pixels, pixels(60, 10));
  });

  it('keeps within 8 bits where a cubic overshoots', () => {
    const image = { width: 4, height: 1, pixels: pixels(0, 0, 255, 255) };
    const resized = resize(image, 8, 1, 3);
    assert.equal(Math.min(...resized.pixels), 0);
    assert.equal(Math.max(...resized.pixels), 255);
  });
});

describe('what a model wants of its images', () => {
  const steps = (config: unknown) => parseImageSteps(config, 'here');

  it('is what its class does where an old file leaves it out', () => {
    // openai/clip-vit-base-patch32 and google/vit-base-patch16-224, as first published
    const clip = steps({
      feature_extractor_type: 'CLIPFeatureExtractor',
      size: 224,
      resample: 3,
      crop_size: 224,
      do_center_crop: true,
    });
    assert.deepEqual(clip.resize, { to: { shortestEdge: 224 }, resample: 3 });
    assert.deepEqual(clip.centerCrop, { height: 224, width: 224 });
    assert.equal(clip.rescaleFactor, 1 / 255);
    assert.equal(clip.normalize?.std[2], 0.27577711);
    const vit = steps({
      do_normalize: true,
      do_resize: true,
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
      size: 224,
    });
    assert.deepEqual(vit.resize, { to: { height: 224, width: 224 }, resample: 2 });
    assert.equal(vit.centerCrop, undefined);
  });

  it('is nothing where it says so', () => {
    const none = steps({
      do_resize: false,
      do_center_crop: false,
      do_rescale: false,
      do_normalize: false,
      image_processor_type: 'CLIPImageProcessor',
    });
    assert.deepEqual(none, { resize: undefined, centerCrop: undefined, rescaleFactor: undefined, normalize: undefined });
  });

  it('stands in processor_config.json, as version 5 writes it', async () => {
    const other = temporaryFolder('processor');
    try {
      await assert.rejects(readImageSteps(other.path), /preprocessor_config\.json, failed: it is missing/);
      writeFileSync(join(other.path, 'processor_config.json'), JSON.stringify({ image_processor: configs['siglip'] }));
      assert.deepEqual((await readImageSteps(other.path)).resize, { to: { height: 13, width: 16 }, resample: 3 });
    } finally {
      other.remove();
    }
  });

  it('is refused with everything that is wrong', () => {
    const config = {
      size: { height: 1e9, width: 0 },
      resample: 17,
      image_mean: [1, 2],
      image_std: [0.5, 0, 0.5],
      rescale_factor: -1,
    };
    assert.throws(
      () => steps(config),
      (thrown) => {
        assert.ok(thrown instanceof RunFailure);
        assert.equal(thrown.error.code, 'bad-model');
        for (const part of [
          '"size',
          '"resample": known are',
          '"image_mean',
          '"image_std": a deviation of 0',
          '"rescale_factor',
        ]) {
          assert.ok(thrown.error.message.includes(part), `${thrown.error.message}\nshould say: ${part}`);
        }
        return true;
      },
    );
    assert.throws(() => steps('nothing'), RunFailure);
  });
});
