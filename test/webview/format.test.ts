import assert from 'node:assert/strict';
import { formatMetric } from '../../protocol/metrics';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLearningRate,
  formatNumber,
  formatParameters,
  formatPercent,
  formatPoints,
} from '../../webview/format';

const table: readonly [(value: number) => string, readonly (readonly [number, string])[]][] = [
  [
    formatCount,
    [
      [0, '0'],
      [1046, '1,046'],
      [3310.6, '3,311'],
    ],
  ],
  [
    formatMetric,
    [
      [0.4125, '0.412'],
      [9.9996, '10.00'],
      [31.416, '31.42'],
      [812.34, '812.3'],
      [999.96, '1,000'],
      [12_345.6, '12,346'],
      [NaN, '–'],
    ],
  ],
  [
    formatLearningRate,
    [
      [0, '0'],
      [5e-3, '5e-3'],
      [1.236e-3, '1.24e-3'],
      [1.2e-4, '1.2e-4'],
      [1, '1e0'],
    ],
  ],
  [
    formatNumber,
    [
      [0.8312, '0.831'],
      [12.34, '12.3'],
      [1204, '1,204'],
      [NaN, '–'],
    ],
  ],
  [
    formatPercent,
    [
      [0.31, '31 %'],
      [0.042, '4.2 %'],
      [1, '100 %'],
    ],
  ],
  [
    formatPoints,
    [
      [0.132, '13.2 points'],
      [-0.01, '1 point'],
    ],
  ],
  [
    formatBytes,
    [
      [0, '0 B'],
      [999, '999 B'],
      [1_900_000, '1.9 MB'],
      [412_000_000, '412 MB'],
      [2_500_000_000, '2.5 GB'],
    ],
  ],
  [
    formatDuration,
    [
      [900, '1 s'],
      [59_000, '59 s'],
      [60_000, '1 min'],
      [134_000, '2 min 10 s'],
      [3_900_000, '1 h 5 min'],
      [90_000_000, '1 d 1 h'],
    ],
  ],
  [
    formatParameters,
    [
      [870, '870'],
      [216_000, '216 k'],
      [5_400_000, '5.4 M'],
      [7_000_000_000, '7.0 B'],
    ],
  ],
];

describe('formatting', () => {
  for (const [format, cases] of table) {
    it(`${format.name} writes ${cases.map(([, text]) => text).join(', ')}`, () => {
      assert.deepEqual(
        cases.map(([value]) => format(value)),
        cases.map(([, text]) => text),
      );
    });
  }
});
