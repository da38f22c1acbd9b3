/** Where a key takes the readout of a chart. Pure. */
import { measuredStopsOf, stopsOf, type ChartModel } from './chart-model';

/** The next step to read out, undefined to stop reading, or 'unhandled' for keys that are not ours. */
export function walk(model: ChartModel, cursor: number | undefined, key: string): number | undefined | 'unhandled' {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return before(stopsOf(model), cursor);
    case 'ArrowRight':
    case 'ArrowUp':
      return after(stopsOf(model), cursor);
    case 'PageUp':
      return after(measuredStopsOf(model), cursor);
    case 'PageDown':
      return before(measuredStopsOf(model), cursor);
    case 'Home':
      return stopsOf(model)[0];
    case 'End':
      return stopsOf(model).at(-1);
    case 'Escape':
      return cursor === undefined ? 'unhandled' : undefined;
    default:
      return 'unhandled';
  }
}

/** Entering from outside begins at the newest point; at an end it stays. */
function before(stops: readonly number[], cursor: number | undefined): number | undefined {
  if (cursor === undefined) return stops.at(-1);
  return stops.findLast((stop) => stop < cursor) ?? stops[0];
}

function after(stops: readonly number[], cursor: number | undefined): number | undefined {
  if (cursor === undefined) return stops[0];
  return stops.find((stop) => stop > cursor) ?? stops.at(-1);
}
