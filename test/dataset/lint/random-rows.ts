/** Rows of shapes other than texts with labels that a seed gives: mostly right, with the faults that people and programs make. */
import type { Random } from '../../../dataset/seeded-random';
import { textOf } from './random-files';

type Row = Record<string, unknown>;
type Write = (random: Random) => Row;
interface Turn {
  role?: unknown;
  content?: unknown;
}

const say = (role: string, random: Random): Turn => ({ role, content: textOf(random) });

function turns(random: Random): Turn[] {
  const exchanges = Array.from({ length: 1 + random.integer(2) }, () => [say('user', random), say('assistant', random)]);
  return [...(random.integer(4) === 0 ? [say('system', random)] : []), ...exchanges.flat()];
}

const faultsOfTurns: ((all: Turn[], random: Random) => unknown)[] = [
  (all) => all.map((turn) => (turn.role === 'user' ? { ...turn, role: 'human' } : turn)),
  (all) => all.map((turn) => (turn.role === 'assistant' ? { ...turn, role: 'Asistant' } : turn)),
  (all, random) => [...all, say('system', random)],
  (all, random) => [say('user', random), ...all],
  (all) => all.filter(({ role }) => role !== 'assistant'),
  (all) => all.map(({ role, ...turn }) => ({ ...turn, Role: role })),
  (all) => all.map((turn, index) => (index === 0 ? { ...turn, content: '' } : turn)),
  (all) => all.map((turn, index) => (index === 0 ? { ...turn, content: 3 } : turn)),
  (all) => all.map(({ role }) => ({ role })),
  () => [],
  () => 'Hi',
];

function someTurns(random: Random): unknown {
  const all = turns(random);
  return random.integer(3) === 0 ? faultsOfTurns[random.integer(faultsOfTurns.length)]?.(all, random) : all;
}

const answers = (random: Random) => {
  const chosen = textOf(random);
  return { chosen, rejected: random.integer(4) === 0 ? chosen : textOf(random) };
};

const shapes = {
  chat: (random) => ({ messages: someTurns(random) }),
  prompts: (random) => ({ prompt: textOf(random), completion: textOf(random) }),
  alpaca: (random) => ({ instruction: textOf(random), input: random.integer(2) ? '' : textOf(random), output: textOf(random) }),
  preference: (random) => ({ prompt: textOf(random), ...answers(random) }),
  embedding: (random) => ({ anchor: textOf(random), positive: textOf(random) }),
} as const satisfies Record<string, Write>;

export type RandomShape = keyof typeof shapes;
export const randomShapes = ['chat', 'prompts', 'alpaca', 'preference', 'embedding'] as const satisfies RandomShape[];

/** What happens to a row on its way to a file. */
function spoil(row: Row, random: Random): Row {
  const [[name, value] = ['', '']] = Object.entries(row);
  const { [name]: _, ...rest } = row;
  const faults: Row[] = [
    rest,
    { ...rest, [name.toUpperCase()]: value },
    { ...rest, [`${name}s`]: value },
    { ...row, [name]: null },
    { ...row, [name]: '' },
    { ...row, note: 1 },
  ];
  return random.integer(5) === 0 ? (faults[random.integer(faults.length)] ?? row) : row;
}

const lineEnds = ['\n', '\n', '\n', '\r\n', '\r'];

/** JSON Lines, some of them twice, some broken. `isRight`: none with a fault but for what a row says. */
export function randomRows(shape: RandomShape, random: Random, isRight = false): string {
  const lines: string[] = [];
  for (let count = random.integer(30) + (isRight ? 5 : 0); count > 0; count--) {
    const row = JSON.stringify(isRight ? rightRow(shape, random) : spoil(shapes[shape](random), random));
    const broken = [row, row, row, row.slice(0, -1), `${row},`, `# ${row}`, '', row.replaceAll('"', "'")];
    lines.push(isRight ? row : (broken[random.integer(broken.length * 2)] ?? row));
    if (random.integer(6) === 0) lines.push(lines.at(-1) ?? '');
  }
  return lines.map((line) => line + (isRight ? '\n' : (lineEnds[random.integer(lineEnds.length)] ?? '\n'))).join('');
}

function rightRow(shape: RandomShape, random: Random): Row {
  if (shape === 'chat') return { messages: turns(random) };
  return shape === 'preference'
    ? { prompt: textOf(random), chosen: `yes ${textOf(random)}`, rejected: 'no' }
    : shapes[shape](random);
}
