/** Lists the parameters of a model part in reading order: their shapes as in the file, and which modules are linear layers. */
import type { Parts } from './model';

export interface Declaration extends Parts {
  /** weight [outputs, inputs] and bias [outputs] */
  readonly linear: (name: string, inputs: number, outputs: number, options?: { bias?: boolean; transposed?: boolean }) => void;
  /** weight [size] and bias [size] */
  readonly norm: (name: string, size: number, options?: { bias?: boolean }) => void;
  /** weight [rows, width] */
  readonly embedding: (name: string, rows: number, width: number) => void;
  /** A parameter that is no module's weight or bias. */
  readonly tensor: (name: string, shape: readonly number[]) => void;
}

export function declareParts(declare: (parts: Declaration) => void): Parts {
  const shapes = new Map<string, readonly number[]>();
  const linears: string[] = [];
  const embeddings: string[] = [];
  declare({
    shapes,
    linears,
    embeddings,
    linear(name, inputs, outputs, { bias = true, transposed = false } = {}) {
      linears.push(name);
      shapes.set(`${name}.weight`, transposed ? [inputs, outputs] : [outputs, inputs]);
      if (bias) shapes.set(`${name}.bias`, [outputs]);
    },
    norm(name, size, { bias = true } = {}) {
      shapes.set(`${name}.weight`, [size]);
      if (bias) shapes.set(`${name}.bias`, [size]);
    },
    embedding(name, rows, width) {
      embeddings.push(name);
      shapes.set(`${name}.weight`, [rows, width]);
    },
    tensor(name, shape) {
      shapes.set(name, shape);
    },
  });
  return { shapes, linears, embeddings };
}

/** A part without parameters. */
export const noParts: Parts = { shapes: new Map(), linears: [], embeddings: [] };

/** The number behind `layers.` or its like in a name, under whatever prefix; -1 for what `below` matches, else `layerCount`. */
export function createLayerOf(layers: RegExp, below: RegExp, layerCount: number): (name: string) => number {
  return (name) => {
    const found = layers.exec(name)?.[1];
    if (found !== undefined) return Number(found);
    return below.test(name) ? -1 : layerCount;
  };
}
