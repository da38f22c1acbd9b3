/** Of a sorted list: the smallest value that this part of the list does not exceed. 0 of an empty one. */
export function quantile(sorted: Uint32Array, part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
