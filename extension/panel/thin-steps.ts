/** A long curve, shortened to what a chart can show. */

export const maxSnapshotSteps = 2000;

/** At most `max` of them, evenly spread, counted from the end: the newest is always kept. */
export function thinSteps<Step>(steps: readonly Step[], max: number = maxSnapshotSteps): Step[] {
  const stride = Math.ceil(steps.length / max);
  if (stride <= 1) return [...steps];
  const newest = steps.length - 1;
  return steps.filter((_, index) => (newest - index) % stride === 0);
}
