/**
 * ViT's module paths as transformers 5 has them in memory, where the model's file keeps those of old. PEFT's files follow the
 * memory of whatever transformers wrote them: both are read. Written are those of transformers 5; PEFT on it refuses the old.
 */
import type { PeftSpelling } from './model';

/** Within a layer: the file's, and the memory's. */
const modules: readonly (readonly [file: string, memory: string])[] = [
  ['attention.attention.query', 'attention.q_proj'],
  ['attention.attention.key', 'attention.k_proj'],
  ['attention.attention.value', 'attention.v_proj'],
  ['attention.output.dense', 'attention.o_proj'],
  ['intermediate.dense', 'mlp.fc1'],
  ['output.dense', 'mlp.fc2'],
];

/** Of names of modules and of parameters, with any prefix. What is spelt as wanted already is left alone. */
export const vitSpelling: PeftSpelling = {
  toPeft: (name) =>
    name.replace(/\bvit\.encoder\.layer\.(\d+)\.(.*)$/, (_, layer: string, rest: string) => {
      const found = modules.find(([file]) => isWithin(rest, file));
      return `vit.layers.${layer}.${found ? found[1] + rest.slice(found[0].length) : rest}`;
    }),
  toFile: (name) =>
    name.replace(/\bvit\.layers\.(\d+)\.(.*)$/, (_, layer: string, rest: string) => {
      const found = modules.find(([, memory]) => isWithin(rest, memory));
      return `vit.encoder.layer.${layer}.${found ? found[0] + rest.slice(found[1].length) : rest}`;
    }),
};

function isWithin(name: string, module: string): boolean {
  return name === module || name.startsWith(`${module}.`);
}
