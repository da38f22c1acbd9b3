/** Which model file serves which Hugging Face `model_type`, and for what. */
import { bert } from './bert';
import { blip2 } from './blip-2';
import { clip, clipImages } from './clip';
import { distilbert } from './distilbert';
import { gpt2 } from './gpt2';
import { llama } from './llama';
import { mistral } from './mistral';
import type { DualEncoderFamily } from './dual-encoder';
import type { Family, ImageFamily } from './model';
import { modernbert } from './modernbert';
import { mpnet } from './mpnet';
import { qwen2 } from './qwen2';
import { qwen3 } from './qwen3';
import { roberta } from './roberta';
import { siglip, siglipImages } from './siglip';
import { smollm3 } from './smollm3';
import { vit } from './vit';

const list: readonly Family[] = [bert, distilbert, gpt2, llama, mistral, modernbert, mpnet, qwen2, qwen3, roberta, smollm3];

const imageList: readonly ImageFamily[] = [vit, clipImages, siglipImages];
const dualEncoderList: readonly DualEncoderFamily[] = [clip, siglip, blip2];

export const families = byType(list);
/** Models that sort images into classes. */
export const imageFamilies = byType(imageList);
/** Models that put texts and images into one space. */
export const dualEncoderFamilies = byType(dualEncoderList);

function byType<Kind extends { readonly types: readonly string[] }>(kinds: readonly Kind[]): ReadonlyMap<string, Kind> {
  return new Map(kinds.flatMap((family) => family.types.map((type) => [type, family])));
}
