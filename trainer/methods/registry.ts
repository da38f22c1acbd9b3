/** Which file attaches which method of the config. */
import type { MethodConfig } from '../../protocol';
import { attachFull, attachHeadOnly } from './full';
import { attachLora } from './lora';
import type { Adapter, AttachOptions } from './method';

export function attachMethod(method: MethodConfig, options: AttachOptions): Adapter {
  switch (method.type) {
    case 'full':
      return attachFull(method, options);
    case 'head-only':
      return attachHeadOnly(options);
    case 'lora':
      return attachLora(method, options);
    default:
      return method satisfies never;
  }
}
