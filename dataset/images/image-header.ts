/** What the parsers of image headers have in common. They look at structure, not at pixels: what they pass may still not decode. */

export interface ImageHeader {
  readonly width: number;
  readonly height: number;
  /** As EXIF has it, 1 to 8; 1 is upright. */
  readonly orientation: number;
}

/** Thrown by the parsers, for it ends them wherever they are; inspect-image.ts turns it into data. */
export class BrokenImage extends Error {}

/** Gives a header, or throws a BrokenImage; a read beyond the end, which is a RangeError, tells that the file is cut off. */
export type ParseHeader = (bytes: Buffer) => ImageHeader;
