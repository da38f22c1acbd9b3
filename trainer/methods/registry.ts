/** Which file attaches which method of the config. */
import type { MethodConfig } from '../../protocol';
import { attachBiasOnly } from './bias-only';
import { attachBottleneck } from './bottleneck-adapter';
import { attachFull, attachHeadOnly } from './full';
import { attachIa3 } from './ia3';
import { attachLora } from './lora';
import type { Adapter, AttachOptions } from './method';
import { spellAsPeft } from './peft-spelling';
import { attachPrefixTuning } from './prefix-tuning';
import { attachPromptTuning } from './prompt-tuning';
import { attachQlora } from './qlora';
import { withoutPacked } from './unpack-base';

/** A base that lies in 4 bits stays so beneath LoRA, which is QLoRA then; beneath other methods it is float32. */
export function attachMethod(method: MethodConfig, given: AttachOptions): Adapter {
  const options = method.type === 'qlora' || method.type === 'lora' ? given : withoutPacked(given);
  switch (method.type) {
    case 'full':
      return attachFull(method, options);
    case 'head-only':
      return attachHeadOnly(options);
    case 'lora':
      return spellAsPeft(options.packed ? attachQlora(method, options) : attachLora(method, options), options.architecture);
    case 'qlora':
      return spellAsPeft(attachQlora(method, options), options.architecture);
    case 'ia3':
      return spellAsPeft(attachIa3(method, options), options.architecture);
    case 'bias-only':
      return attachBiasOnly(options);
    case 'prefix-tuning':
      return attachPrefixTuning(method, options);
    case 'prompt-tuning':
      return attachPromptTuning(method, options);
    case 'bottleneck-adapter':
      return attachBottleneck(method, options);
    default:
      return method satisfies never;
  }
}
