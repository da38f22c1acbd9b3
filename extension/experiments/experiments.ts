/** All runs of all projects that are open, kept up to date from their folders. What the tree, status bar and commands read. */
import { listRunDirs } from '../../runs/paths';
import { every, Owner } from '../owner';
import { Signal } from '../signal';
import { FollowedRun } from './followed-run';
import { RunWatch, type RunsTouched } from './run-watch';

/** `list`: a project or run came or went. `run`: only this run is different. */
export type ExperimentsChange = { readonly kind: 'list' } | { readonly kind: 'run'; readonly run: FollowedRun };

/** A reader cannot be told of a death: it has to look. It also covers disks that report no changes. */
const lookEveryMs = 5000;

export class Experiments extends Owner {
  readonly changed = this.own(new Signal<ExperimentsChange>());
  private readonly projects = new Map<string, Project>();

  constructor() {
    super();
    this.own(every(lookEveryMs, () => void this.lookAtActive()));
    this.own({ dispose: () => this.setProjects([]) });
  }

  get projectDirs(): string[] {
    return [...this.projects.keys()];
  }

  /** Newest first; of all projects when none is named. */
  runs(projectDir?: string): FollowedRun[] {
    const projects = projectDir === undefined ? [...this.projects.values()] : [this.projects.get(projectDir)];
    const runs = projects.flatMap((project) => project?.runs ?? []);
    return runs.sort((a, b) => (b.record?.createdAtMs ?? 0) - (a.record?.createdAtMs ?? 0));
  }

  find(runDir: string): FollowedRun | undefined {
    return this.runs().find(({ dir }) => dir === runDir);
  }

  /** Follows these projects and no others. Resolves when their runs have been read once. */
  async setProjects(projectDirs: readonly string[]): Promise<void> {
    for (const [dir, project] of this.projects) {
      if (projectDirs.includes(dir)) continue;
      project.dispose();
      this.projects.delete(dir);
    }
    const added = projectDirs.filter((dir) => !this.projects.has(dir)).map((dir) => this.addProject(dir));
    await Promise.all(added.map((project) => project.readList()));
    this.changed.fire({ kind: 'list' });
  }

  /** For those who know better than the watcher: a run was just started or deleted. */
  async rescan(projectDir: string): Promise<void> {
    await this.projects.get(projectDir)?.readList();
  }

  /** The same for what is in a run's folder. */
  async look(run: FollowedRun): Promise<void> {
    await this.projects.get(run.projectDir)?.refresh([run]);
  }

  private addProject(dir: string): Project {
    const project = new Project(dir, (change) => this.changed.fire(change));
    this.projects.set(dir, project);
    return project;
  }

  private async lookAtActive(): Promise<void> {
    for (const project of this.projects.values()) {
      await project.refresh(project.runs.filter((run) => run.isActive || run.state.phase.kind === 'lost'));
    }
  }
}

/** One project's runs and the watch on them. */
class Project extends Owner {
  runs: readonly FollowedRun[] = [];
  private readonly dir: string;
  private readonly tell: (change: ExperimentsChange) => void;
  private readonly watch: RunWatch;
  private listing: Promise<void> = Promise.resolve();

  constructor(dir: string, tell: (change: ExperimentsChange) => void) {
    super();
    this.dir = dir;
    this.tell = tell;
    this.watch = this.own(new RunWatch(dir, (touched) => void this.handle(touched)));
  }

  /** One at a time, so that an older answer never overtakes a newer one. */
  readList(): Promise<void> {
    this.listing = this.listing.then(() => this.readListOnce());
    return this.listing;
  }

  async refresh(runs: readonly FollowedRun[]): Promise<void> {
    for (const run of runs) {
      const isChanged = await run.refresh();
      if (isChanged && !this.isEnded) this.tell({ kind: 'run', run });
    }
  }

  private async handle({ runDirs, list }: RunsTouched): Promise<void> {
    if (list) await this.readList();
    await this.refresh(this.runs.filter(({ dir }) => runDirs.includes(dir)));
  }

  private async readListOnce(): Promise<void> {
    const dirs = await listRunDirs(this.dir);
    const known = new Map(this.runs.map((run) => [run.dir, run]));
    const added = dirs.filter((dir) => !known.has(dir)).map((dir) => new FollowedRun(dir, this.dir));
    await Promise.all(added.map((run) => run.refresh()));
    if (this.isEnded) return;
    this.watch.follow(dirs);
    const kept = this.runs.filter(({ dir }) => dirs.includes(dir));
    const isChanged = added.length > 0 || kept.length < this.runs.length;
    this.runs = [...kept, ...added];
    if (isChanged) this.tell({ kind: 'list' });
  }
}
