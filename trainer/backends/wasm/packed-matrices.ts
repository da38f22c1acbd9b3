/**
 * The packed forms of matrices that are multiplied by again and again, as frozen weights are: packing costs a sixth of
 * the product in a short batch. A matrix is kept from its second product on, as long as its values stay; the heap takes
 * all of it back when it runs out.
 */
import type { Heap } from './heap';

/** A matrix smaller than this is packed in no time. */
const SMALLEST_BYTES = 16 * 1024;

type PackedForm = { readonly state: 'seen-once' } | { readonly state: 'kept'; readonly address: number };

/** Both forms of a matrix, as it lies and transposed. */
interface PackedForms {
  plain?: PackedForm;
  transposed?: PackedForm;
}

export class PackedMatrices {
  private readonly heap: Heap;
  private readonly forms = new Map<object, PackedForms>();

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** The address of the packed form, `pack`ed there at the second call; undefined at the first, or without room for it. */
  find(dataId: object, transposed: boolean, bytes: number, pack: (address: number) => void): number | undefined {
    if (bytes < SMALLEST_BYTES) return undefined;
    const forms = this.forms.get(dataId) ?? {};
    this.forms.set(dataId, forms);
    const side = transposed ? 'transposed' : 'plain';
    const known = forms[side];
    if (known?.state === 'kept') return known.address;
    const address = known && this.heap.tryAllocate(bytes);
    forms[side] = address === undefined ? { state: 'seen-once' } : { state: 'kept', address };
    if (address !== undefined) pack(address);
    return address;
  }

  /** To be called when the values change or go. */
  forget(dataId: object): void {
    const forms = this.forms.get(dataId);
    if (forms === undefined) return;
    this.forms.delete(dataId);
    for (const form of [forms.plain, forms.transposed]) if (form?.state === 'kept') this.heap.free(form.address);
  }

  /** Gives all of it back; true if there was any. */
  clear(): boolean {
    const before = this.heap.stats().usedBytes;
    for (const dataId of [...this.forms.keys()]) this.forget(dataId);
    return this.heap.stats().usedBytes < before;
  }
}
