/** Randomness as a parameter: the same seed gives the same numbers on every machine. Not for secrets. */

export interface Random {
  /** All there is to remember: `createRandom(random.state)` continues where this one stands. */
  readonly state: number;
  /** In [0, 1), with 32 bits. */
  next(): number;
  /** A whole number in [0, below). */
  integer(below: number): number;
  /** Mean 0, standard deviation 1. Draws twice. */
  normal(): number;
  /** The items in random order, in a new array. */
  shuffle<T>(items: readonly T[]): T[];
}

/** Mulberry32 by Tommy Ettinger: one 32-bit word of state, passes gjrand's 13 tests; period 2^32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    return mix(state) / 2 ** 32;
  };
  const integer = (below: number) => Math.floor(next() * below);
  return {
    get state() {
      return state;
    },
    next,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    shuffle: (items) => shuffled(items, integer),
  };
}

function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 15), word | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}

/** Fisher-Yates, from the back. */
function shuffled<T>(items: readonly T[], integer: (below: number) => number): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = integer(last + 1);
    const [a, b] = [copy[last], copy[other]];
    copy[last] = b as T; // both indices are inside the array
    copy[other] = a as T;
  }
  return copy;
}
