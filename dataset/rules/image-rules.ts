/** Whether the image that a row names is there, can be decoded, and is stored upright. Needs the disk, so it is asked apart. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { nearestName, type ProblemCode } from '../../protocol';
import type { ImageInspector } from '../lint/linted-file';
import type { RowFinding } from './rule';

export interface ImageReference {
  /** Absolute. */
  readonly image: string;
  /** As the row has it. */
  readonly written: string;
  /** To the value in the source row. */
  readonly path: readonly string[];
}

/** Where rows stand in a file, it is shown there; where they are made of folders, at the image. */
export interface ImageFinding extends RowFinding {
  /** Absolute. */
  readonly image: string;
}

export interface ImageRules {
  check(reference: ImageReference): Promise<ImageFinding[]>;
}

/** Remembers the names in the folders that it has looked into: make a new one for each time of linting. */
export function createImageRules(inspector: ImageInspector): ImageRules {
  const folders = new FolderNames();
  return {
    check: async (reference) => {
      if (/^[a-z][a-z0-9+-]+:\/\//i.test(reference.written)) return [find('missing-image', reference, isAddress(reference))];
      const isThere = await stat(reference.image).then(
        () => true,
        () => false, // why is told below, as far as names can tell
      );
      return isThere ? inspect(reference, inspector) : [await findMissing(reference, folders)];
    },
  };
}

function find(code: ProblemCode, { image, path }: ImageReference, message: string): ImageFinding {
  return { code, path, message, image };
}

function isAddress({ written }: ImageReference): string {
  return `${written} is an address. Temper reads images from this machine: download it, and name the file.`;
}

async function inspect(reference: ImageReference, inspector: ImageInspector): Promise<ImageFinding[]> {
  const found = await inspector.inspect(reference.image);
  switch (found.kind) {
    case 'unavailable':
      return [];
    case 'unreadable':
      return [find('unreadable-image', reference, `The image ${reference.written} cannot be read: ${found.reason}. Replace it.`)];
    case 'ok':
      return found.orientation === 1 ? [] : [find('rotated-image', reference, describeTurn(reference, found.orientation))];
  }
}

/** What EXIF 2.3 says the viewer must do, by number. */
const turns: Readonly<Record<number, string>> = {
  2: 'mirrored',
  3: 'turned upside down',
  4: 'mirrored and turned upside down',
  5: 'mirrored and turned by a quarter',
  6: 'turned by a quarter',
  7: 'mirrored and turned by a quarter',
  8: 'turned by a quarter',
};

function describeTurn({ written }: ImageReference, orientation: number): string {
  const turn = turns[orientation] ?? 'turned';
  return `The image ${written} is stored ${turn} (EXIF orientation ${orientation}). Temper turns it back, other tools may not: save it upright.`;
}

async function findMissing(reference: ImageReference, folders: FolderNames): Promise<ImageFinding> {
  const { image, written } = reference;
  const names = await folders.read(dirname(image));
  if (names === undefined)
    return find('missing-image', reference, `There is no image ${written}: its folder ${dirname(image)} is not there either.`);
  const near = names.nearest(basename(image));
  if (near === undefined)
    return find('missing-image', reference, `There is no image ${image}. Correct the path, or remove the row.`);
  const text = written.slice(0, written.length - basename(image).length) + near;
  const fix = { kind: 'replace-value', title: `Change to ${text}`, isSafe: false, text } as const;
  const isWritten = written.endsWith(basename(image)); // not where ".." or "." ends it
  return {
    ...find('missing-image', reference, `There is no image ${written}. Did you mean ${near}?`),
    ...(isWritten ? { fix } : {}),
  };
}

/** Comparing letter by letter takes too long where more names are. */
const mostCompared = 1000;
const mostFolders = 256;

/** The names in folders, by what is the same about them. */
class FolderNames {
  private readonly folders = new Map<string, NameIndex | undefined>();

  async read(folder: string): Promise<NameIndex | undefined> {
    if (this.folders.has(folder)) return this.folders.get(folder);
    const index = await readdir(folder).then(
      (names) => new NameIndex(names.sort()),
      () => undefined,
    );
    if (this.folders.size >= mostFolders) this.folders.clear();
    this.folders.set(folder, index);
    return index;
  }
}

class NameIndex {
  private readonly names: readonly string[];
  /** In other letters of the same name; macOS writes "é" as two characters. */
  private readonly byFolded = new Map<string, string>();
  private readonly byStem = new Map<string, string>();

  constructor(names: readonly string[]) {
    this.names = names;
    for (const name of names) {
      this.byFolded.set(fold(name), name);
      this.byStem.set(stemOf(name), name);
    }
  }

  nearest(name: string): string | undefined {
    const near = this.names.length <= mostCompared ? nearestName(name, this.names) : undefined;
    return this.byFolded.get(fold(name)) ?? this.byStem.get(stemOf(name)) ?? near;
  }
}

function fold(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** Without its ending: the image may be of another format. */
function stemOf(name: string): string {
  return fold(name.slice(0, name.length - extname(name).length));
}
