import assert from 'node:assert/strict';
import { Series } from '../../webview/series';

describe('a series', () => {
  it('averages plainly at first and exponentially later', () => {
    const series = new Series({ decay: 0.75 });
    for (const [index, y] of [4, 2, 9, 1, 5].entries()) series.append(index + 1, y);
    const smooth = [0, 1, 2, 3, 4].map((index) => series.at(index)?.smooth);
    assert.deepEqual(smooth, [4, 3, 5, 4, 4.25]); // the means of 1, 2, 3 and 4 values, then 4 + (5 - 4) / 4
  });

  it('forgets more of the average over a gap, as if the steps between had been equal to the next', () => {
    const series = new Series({ decay: 0.5 });
    for (const [x, y] of [
      [1, 0],
      [2, 0],
      [3, 0],
      [5, 16],
    ] as const)
      series.append(x, y);
    assert.equal(series.newest?.smooth, 12); // 16 · (1 - 0.5²)
  });

  it('keeps every extreme when it thins 100,000 points', () => {
    const series = new Series({ capacity: 256 });
    const spikes = [1, 2, 34_566, 34_567, 99_998];
    for (let step = 1; step <= 100_000; step++)
      series.append(step, spikes.includes(step) ? 99 : step === 70_001 ? -99 : step % 2);
    assert.ok(series.length <= 256, `${series.length} buckets`);
    assert.deepEqual(series.range, { min: -99, max: 99 });
    assert.equal(series.newest?.x, 100_000);
    const columns = series.columns(0, 100_000, 50);
    // A bucket stands where its newest point is, at most 512 steps to the right: less than a column.
    assert.deepEqual(
      columns.filter(({ max }) => max === 99).map(({ pixel }) => pixel),
      [0, 17, 49],
    );
    assert.equal(columns.filter(({ min }) => min === -99).length, 1);
  });

  it('gives at most one column a pixel, with the extremes of its points', () => {
    const series = new Series();
    for (const [x, y] of [
      [0, 1],
      [1, 9],
      [2, 4],
      [10, 5],
      [11, 3],
    ] as const)
      series.append(x, y);
    const columns = series.columns(0, 10, 3).map(({ pixel, min, max, last }) => ({ pixel, min, max, last }));
    // x 0, 1, 2 fall on pixel 0 (2 · 2/10 = 0.4), x 10 on pixel 2; x 11 lies beyond.
    assert.deepEqual(columns, [
      { pixel: 0, min: 1, max: 9, last: 4 },
      { pixel: 2, min: 5, max: 5, last: 5 },
    ]);
  });

  it('goes back when a resumed run repeats steps, and draws no double', () => {
    const series = new Series();
    for (let step = 1; step <= 10; step++) series.append(step, step);
    series.append(6, 60);
    series.append(7, 70);
    assert.deepEqual(
      Array.from({ length: series.length }, (_, index) => series.at(index)?.x),
      [1, 2, 3, 4, 5, 6, 7],
    );
    assert.equal(series.newest?.last, 70);
  });

  it('goes back to the very beginning', () => {
    const series = new Series({ capacity: 4 });
    for (let step = 1; step <= 20; step++) series.append(step, step);
    series.append(1, 7);
    assert.equal(series.length, 1);
    assert.deepEqual(series.newest, { x: 1, min: 7, max: 7, last: 7, smooth: 7 });
  });

  it('leaves out values that are not numbers', () => {
    const series = new Series();
    series.append(1, 2);
    series.append(2, NaN);
    series.append(3, Infinity);
    assert.equal(series.length, 1);
    assert.deepEqual(series.range, { min: 2, max: 2 });
  });

  it('finds the nearest point, the left one when two are equally near', () => {
    const series = new Series();
    assert.equal(series.nearest(5), -1);
    for (const x of [10, 20, 30]) series.append(x, 0);
    assert.deepEqual(
      [0, 10, 14, 15, 16, 99].map((x) => series.nearest(x)),
      [0, 0, 0, 0, 1, 2],
    );
  });

  it('agrees with a plain array under random appends and returns', () => {
    let seed = 11;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const series = new Series({ capacity: 4096 });
    let plain: { x: number; y: number }[] = [];
    for (let turn = 0, x = 0; turn < 3000; turn++) {
      x = random() < 0.01 ? Math.ceil(x * random()) : x + 1;
      const y = random();
      plain = [...plain.filter((point) => point.x < x), { x, y }];
      series.append(x, y);
    }
    assert.equal(series.length, plain.length);
    assert.deepEqual(
      plain.map((_, index) => series.at(index)?.last),
      plain.map(({ y }) => y),
    );
  });
});
