/** The thread that lints, without the thread: what the host says goes to the projects, what they find and answers go back. */
import { Owner } from '../owner';
import type { RowAtPlace } from '../../dataset/lint/linted-file';
import type { RowDescription } from './describe-row';
import type { HostMessage, Query, ThreadMessage } from './messages';
import { describeFault, ProjectLinting, type Session } from './project-linting';

export interface ThreadTools {
  createSession(dir: string, maxProblems: number): Session;
  /** `labels` are those of the training rows, sorted, where they are known. */
  describeRow(dir: string, found: RowAtPlace, labels: readonly string[] | undefined): Promise<RowDescription>;
  post(message: ThreadMessage): void;
}

export class LintThread extends Owner {
  private readonly tools: ThreadTools;
  private readonly projects = new Map<string, ProjectLinting>();
  private maxProblems = 0;

  constructor(tools: ThreadTools) {
    super();
    this.tools = tools;
    this.own({ dispose: () => this.setProjects([], 0) });
  }

  receive(message: HostMessage): void {
    switch (message.kind) {
      case 'projects':
        return this.setProjects(message.dirs, message.maxProblems);
      case 'open':
        return this.eachWith(message.file, (project) => project.open(message.file, message.version, message.text));
      case 'edit':
        return this.each((project) => project.edit(message.file, message.version, message.changes));
      case 'close':
        return this.each((project) => project.close(message.file));
      case 'changed':
        return this.eachWith(message.file, (project) => project.changed(message.file));
      case 'query':
        return void this.answer(message.id, message.query);
      default:
        return message satisfies never;
    }
  }

  /** Another limit of problems means to begin again. */
  private setProjects(dirs: readonly string[], maxProblems: number): void {
    const isOther = maxProblems !== this.maxProblems;
    this.maxProblems = maxProblems;
    for (const [dir, project] of this.projects) {
      if (!isOther && dirs.includes(dir)) continue;
      project.dispose();
      this.projects.delete(dir);
    }
    for (const dir of dirs) {
      if (!this.projects.has(dir)) this.projects.set(dir, this.createProject(dir));
    }
  }

  private createProject(dir: string): ProjectLinting {
    return new ProjectLinting(dir, this.tools.createSession(dir, this.maxProblems), (message) => this.tools.post(message));
  }

  /** Those that read the file now. */
  private eachWith(file: string, work: (project: ProjectLinting) => void): void {
    this.each((project) => project.session.files.has(file) && work(project));
  }

  private each(work: (project: ProjectLinting) => unknown): void {
    for (const project of this.projects.values()) work(project);
  }

  private async answer(id: number, query: Query): Promise<void> {
    try {
      this.tools.post({ kind: 'answer', id, value: await this.ask(query) });
    } catch (thrown) {
      this.tools.post({ kind: 'refused', id, detail: describeFault(thrown) });
    }
  }

  private async ask(query: Query): Promise<unknown> {
    const project = [...this.projects.values()].find(({ session }) => session.files.has(query.file));
    if (project === undefined) return undefined;
    switch (query.name) {
      case 'row': {
        const found = project.session.rowAt(query.file, query.line, query.column);
        return found && (await this.tools.describeRow(project.dir, found, project.labels()));
      }
      case 'fingerprint':
        return project.fingerprintOf(query.file, query.problem);
      case 'safe-fixes':
        return project.session.safeFixes(query.file);
      default:
        return query satisfies never;
    }
  }
}
