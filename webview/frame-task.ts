/** Something to be done at most once per frame, however often it is asked for. */
export class FrameTask {
  private readonly run: () => void;
  private handle: number | undefined;

  constructor(run: () => void) {
    this.run = run;
  }

  request(): void {
    this.handle ??= requestAnimationFrame(() => {
      this.handle = undefined;
      this.run();
    });
  }

  cancel(): void {
    if (this.handle !== undefined) cancelAnimationFrame(this.handle);
    this.handle = undefined;
  }
}
