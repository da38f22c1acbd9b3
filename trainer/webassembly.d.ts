/**
 * The few WebAssembly types the trainer uses. Node has the API, but its types come with the DOM library, which this
 * world must not see.
 */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
    static exports(module: Module): { name: string; kind: string }[];
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, Memory>>);
    readonly exports: Record<string, unknown>;
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    /** As large as the memory is now; views of a shared memory stay valid when it grows. */
    readonly buffer: SharedArrayBuffer;
    /** Throws RangeError when the system has no more. */
    grow(pages: number): number;
  }
  function validate(bytes: Uint8Array): boolean;
}
