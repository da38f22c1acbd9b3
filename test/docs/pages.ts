/** The Markdown pages of the repository, and what tests want to know of one. */
import { globSync, readFileSync } from 'node:fs';

/** All but those in folders that git ignores. Paths from the repository's root, with slashes. */
export function pages(): string[] {
  const found = globSync('**/*.md', { exclude: (path) => isIgnored(path.replaceAll('\\', '/').split('/')[0] ?? '') });
  return found.map((file) => file.replaceAll('\\', '/')).sort();
}

/** Whether git ignores this top-level folder. */
export function isIgnored(folder: string): boolean {
  const ignored = readFileSync('.gitignore', 'utf8').split(/\r?\n/);
  return folder === '.git' || ignored.includes(`${folder}/`);
}

/** The part below `## heading`, up to the next heading of that rank. */
export function sectionOf(text: string, heading: string): string {
  const start = text.indexOf(`\n## ${heading}\n`);
  if (start < 0) throw new Error(`There is no section "${heading}".`);
  const end = text.indexOf('\n## ', start + 1);
  return text.slice(start, end < 0 ? undefined : end);
}

export function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '');
}

/** Targets of links and pictures, those to the web left out. */
export function linksOf(text: string): string[] {
  const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)[^)]*\)|(?:src|srcset)="([^"]+)"/g)];
  return targets.map(([, link, source]) => link ?? source ?? '').filter((link) => !/^(https?|mailto|command):/.test(link));
}

const topFolders = 'protocol|dataset|runs|trainer|extension|webview|models|templates|test|scripts|docs|bench|bin';

/** Paths from the repository's root that stand in backticks; those with a placeholder in them are patterns. */
export function pathsNamedIn(text: string): string[] {
  const names = [...withoutCode(text).matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name);
  return names.filter((name) => new RegExp(`^(${topFolders})/[\\w./-]+$`).test(name));
}
