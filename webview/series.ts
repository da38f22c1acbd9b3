/**
 * One curve that grows while it is drawn. It keeps at most `capacity` buckets: when they are full, neighbours are merged
 * two by two and every bucket from then on holds twice as many points, with their lowest and highest value, so that
 * 100,000 steps cost no more than 4,000 and no spike is lost. It knows nothing of canvases.
 */

/** What is left of one or more points: `x` and `last` are those of the newest. */
export interface SeriesPoint {
  readonly x: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
  /** The exponential moving average after the newest point. */
  readonly smooth: number;
}

/** All points that fall on one pixel column. */
export interface SeriesColumn extends Omit<SeriesPoint, 'x'> {
  readonly pixel: number;
}

export interface SeriesOptions {
  /** Buckets kept; an even number. Default 4096. */
  readonly capacity?: number;
  /** How much of the average is kept from one unit of x to the next. Default 0.92. */
  readonly decay?: number;
}

export class Series {
  readonly capacity: number;
  private readonly decay: number;
  private readonly buckets: Float64Array;
  private used = 0;
  /** Points a full bucket holds, and points the newest one holds. */
  private span = 1;
  private held = 0;
  private seen = 0;

  constructor({ capacity = 4096, decay = 0.92 }: SeriesOptions = {}) {
    this.capacity = capacity;
    this.decay = decay;
    this.buckets = new Float64Array(capacity * fields);
  }

  get length(): number {
    return this.used;
  }

  get newest(): SeriesPoint | undefined {
    return this.at(this.used - 1);
  }

  /**
   * Adds one point. A point that is not to the right of the newest one continues an earlier place: what lay beyond is
   * forgotten, so that a resumed run never draws a double. A value that is not finite is left out.
   */
  append(x: number, y: number): void {
    if (!Number.isFinite(x) || !Number.isFinite(y)) return;
    this.truncate(x);
    const smooth = this.nextSmooth(x, y);
    this.seen += 1;
    if (this.used > 0 && this.held < this.span) this.extend(x, y, smooth);
    else this.push(x, y, smooth);
  }

  at(index: number): SeriesPoint | undefined {
    if (index < 0 || index >= this.used) return undefined;
    const field = (at: number): number => this.buckets[index * fields + at] ?? 0;
    return { x: field(0), min: field(minAt), max: field(maxAt), last: field(3), smooth: field(4) };
  }

  /** The index of the point whose x is nearest; -1 when there is none. */
  nearest(x: number): number {
    const right = this.firstFrom(x);
    const after = this.at(right);
    const before = this.at(right - 1);
    if (after === undefined) return right - 1;
    return before !== undefined && x - before.x <= after.x - x ? right - 1 : right;
  }

  /** At most `width` columns for x from `left` to `right`, each with the extremes of its points, left to right. */
  columns(left: number, right: number, width: number): SeriesColumn[] {
    const columns: SeriesColumn[] = [];
    const scale = (width - 1) / Math.max(Number.MIN_VALUE, right - left);
    for (let index = this.firstFrom(left); index < this.used; index++) {
      const point = this.at(index);
      if (point === undefined || point.x > right) break;
      const pixel = Math.round((point.x - left) * scale);
      const column = columns.at(-1);
      const { min, max, last, smooth } = point;
      if (column?.pixel !== pixel) columns.push({ pixel, min, max, last, smooth });
      else columns[columns.length - 1] = { pixel, min: Math.min(min, column.min), max: Math.max(max, column.max), last, smooth };
    }
    return columns;
  }

  /** Lowest and highest value ever kept, or undefined when empty. */
  get range(): { readonly min: number; readonly max: number } | undefined {
    if (this.used === 0) return undefined;
    let min = Infinity;
    let max = -Infinity;
    for (let offset = 0; offset < this.used * fields; offset += fields) {
      min = Math.min(min, this.buckets[offset + minAt] ?? min);
      max = Math.max(max, this.buckets[offset + maxAt] ?? max);
    }
    return { min, max };
  }

  /** Starts as the plain mean and becomes exponential, so the first points do not weigh for ever. */
  private nextSmooth(x: number, y: number): number {
    const newest = this.newest;
    if (newest === undefined) return y;
    const weight = Math.max(1 - this.decay ** (x - newest.x), 1 / (this.seen + 1));
    return newest.smooth + weight * (y - newest.smooth);
  }

  private push(x: number, y: number, smooth: number): void {
    if (this.used === this.capacity) this.halve();
    this.buckets.set([x, y, y, y, smooth], this.used * fields);
    this.used += 1;
    this.held = 1;
  }

  private extend(x: number, y: number, smooth: number): void {
    const newest = this.newest;
    if (newest === undefined) return;
    const merged = [x, Math.min(newest.min, y), Math.max(newest.max, y), y, smooth];
    this.buckets.set(merged, (this.used - 1) * fields);
    this.held += 1;
  }

  private halve(): void {
    for (let index = 0; index < this.used / 2; index++) {
      const left = this.at(2 * index);
      const right = this.at(2 * index + 1);
      if (left === undefined || right === undefined) continue; // the capacity is even and all of it is used
      const merged = [right.x, Math.min(left.min, right.min), Math.max(left.max, right.max), right.last, right.smooth];
      this.buckets.set(merged, index * fields);
    }
    this.used /= 2;
    this.span *= 2;
  }

  private truncate(x: number): void {
    const newest = this.newest;
    if (newest === undefined || x > newest.x) return;
    this.used = this.firstFrom(x);
    this.held = this.span;
    this.seen = Math.min(this.seen, this.used * this.span);
  }

  /** The index of the first point at or to the right of x. */
  private firstFrom(x: number): number {
    let low = 0;
    let high = this.used;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.buckets[middle * fields] ?? Infinity) < x) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Of a bucket: x, min, max, last, smooth. */
const fields = 5;
const minAt = 1;
const maxAt = 2;
