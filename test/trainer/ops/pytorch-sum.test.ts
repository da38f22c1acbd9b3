/** Sums of PyTorch 2.15 on a processor, one thread: `torch.tensor(v).sum().item()`. */
import assert from 'node:assert/strict';
import { sumAsPytorch } from '../../../trainer/ops/pytorch-sum';

/** Fractions that JavaScript and NumPy make alike: k · 0x9E3779B1 mod 2³², over 2³², as float32. */
const fractions = (count: number) => Float32Array.from({ length: count }, (_, k) => (Math.imul(k, 0x9e3779b1) >>> 0) / 2 ** 32);

describe('the sum of PyTorch', () => {
  for (const [count, sum] of [
    [1, 0],
    [2, 0.6180340051651001],
    [3, 0.8541020154953003],
    [5, 2.180339813232422],
    [7, 2.9787137508392334],
    [8, 3.3049519062042236],
    [9, 4.249223709106445],
    [14, 6.241092681884766],
    [31, 15.38580322265625],
    [33, 16.321945190429688],
    [64, 31.956518173217773],
    [100, 49.26823806762695],
    [260, 129.20433044433594],
    [777, 388.4141845703125],
    [1000, 499.97637939453125],
    [4096, 2048.112060546875],
    [5000, 2499.74951171875],
    [20000, 9999.013671875],
    [40000, 19999.740234375],
    [100003, 50001.2109375],
  ] as const) {
    it(`of ${count} numbers is the same to the last bit`, () => {
      assert.equal(sumAsPytorch(fractions(count)), sum);
    });
  }

  it('of nothing is 0, and of what is no number none', () => {
    assert.equal(sumAsPytorch(new Float32Array()), 0);
    assert.ok(Number.isNaN(sumAsPytorch(Float32Array.of(1, NaN))));
  });
});
