import assert from 'node:assert/strict';
import { formatReadout, isBlankChart, readoutAt, stopsOf, tableOf, type ChartModel } from '../../webview/chart-model';
import { stepTicks, ticksOf, valueScaleOf, xToPixel, pixelToX, yToPixel } from '../../webview/chart-scale';
import { walk } from '../../webview/chart-walk';
import { Series } from '../../webview/series';

const series = new Series({ decay: 0 });
for (let step = 1; step <= 10; step++) series.append(step, 2 / step);
const model: ChartModel = {
  xMax: 12,
  stepsPerEpoch: 5,
  scale: 'linear',
  layers: [
    { kind: 'stream', title: 'train', tint: 'train', series },
    {
      kind: 'points',
      title: 'validation',
      tint: 'validation',
      marker: 'square',
      points: [
        { x: 4, y: 0.9, interval: { low: 0.8, high: 1 } },
        { x: 8, y: 0.7 },
      ],
    },
    { kind: 'level', title: 'untouched model', tint: 'level', y: 1.9 },
  ],
};
const area = { left: 40, top: 10, width: 600, height: 200 };

describe('a chart in words', () => {
  it('reads out a step with its newest measurement', () => {
    const spoken = formatReadout(readoutAt(model, 5));
    assert.equal(
      spoken,
      'Step 5, epoch 1.00: train 0.400 (smoothed 0.400); validation 0.900 (0.800 to 1.000) at step 4; untouched model 1.900',
    );
  });

  it('walks points with the arrows, measurements with the page keys, and stays at the ends', () => {
    assert.deepEqual(stopsOf(model), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.equal(walk(model, undefined, 'ArrowLeft'), 10);
    assert.equal(walk(model, 3, 'ArrowRight'), 4);
    assert.equal(walk(model, 10, 'ArrowRight'), 10);
    assert.equal(walk(model, 1, 'ArrowLeft'), 1);
    assert.equal(walk(model, 5, 'PageUp'), 8);
    assert.equal(walk(model, 5, 'PageDown'), 4);
    assert.equal(walk(model, 5, 'Home'), 1);
    assert.equal(walk(model, 5, 'End'), 10);
    assert.equal(walk(model, 5, 'Escape'), undefined);
    assert.equal(walk(model, 5, 'a'), 'unhandled');
  });

  it('has a table with every measurement and few of the steps, newest first', () => {
    const rows = tableOf(model, 3);
    assert.deepEqual(
      rows.map(({ x }) => x),
      [10, 9, 8, 5, 4, 1],
    ); // every 4th, both measurements, the newest
    assert.deepEqual(
      rows[0]?.lines.map(({ title }) => title),
      ['train', 'untouched model'],
    );
    assert.equal(rows.find(({ x }) => x === 8)?.lines[1]?.value, '0.700');
  });

  it('knows when there is nothing to draw', () => {
    assert.equal(isBlankChart(model), false);
    assert.equal(
      isBlankChart({ ...model, layers: [{ kind: 'stream', title: 'train', tint: 'train', series: new Series() }] }),
      true,
    );
  });
});

describe('the axes of a chart', () => {
  it('reach a little over the highest of what is smoothed and measured', () => {
    assert.deepEqual(valueScaleOf(model), { min: 0, max: 2.5, logarithmic: false });
    assert.deepEqual(
      ticksOf(valueScaleOf(model)).map(({ label }) => label),
      ['0.0', '0.5', '1.0', '1.5', '2.0', '2.5'],
    );
    assert.deepEqual(valueScaleOf({ ...model, scale: 'unit' }), { min: 0, max: 1, logarithmic: false });
  });

  it('go no further down a logarithmic scale than an eighth of the lowest measurement', () => {
    const vanishing = new Series({ decay: 0 });
    vanishing.append(1, 2);
    vanishing.append(2, 1e-9);
    const [, points, level] = model.layers;
    assert.ok(points && level);
    const scale = valueScaleOf({
      ...model,
      scale: 'log',
      layers: [{ kind: 'stream', title: 'train', tint: 'train', series: vanishing }, points, level],
    });
    assert.equal(scale.min, 0.7 / 8);
    assert.deepEqual(
      ticksOf(scale).map(({ label }) => label),
      ['0.1', '0.2', '0.5', '1', '2'],
    );
  });

  it('have their ticks at ends of epochs, or at whole steps before the first epoch ends', () => {
    assert.deepEqual(
      stepTicks(1689, 563).map(({ label }) => label),
      ['0', 'epoch 1', 'epoch 2', 'epoch 3'],
    );
    assert.deepEqual(
      stepTicks(1000, 100, 5).map(({ label }) => label),
      ['0', 'epoch 2', 'epoch 4', 'epoch 6', 'epoch 8', 'epoch 10'],
    );
    assert.deepEqual(
      stepTicks(400, 563).map(({ label }) => label),
      ['0', '100', '200', '300', '400'],
    );
    assert.deepEqual(
      stepTicks(2, 0).map(({ label }) => label),
      ['0', '1', '2'],
    );
  });

  it('map steps and values to pixels and back', () => {
    assert.equal(xToPixel(area, 1200, 600), 340);
    assert.equal(pixelToX(area, 1200, 340), 600);
    assert.equal(pixelToX(area, 1200, -5), 0);
    assert.equal(yToPixel(area, { min: 0, max: 2, logarithmic: false }, 0.5), 160);
    assert.equal(yToPixel(area, { min: 0.01, max: 100, logarithmic: true }, 1), 110);
  });
});
