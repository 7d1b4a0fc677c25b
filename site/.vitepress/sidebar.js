// The navigation is that of docs/README.md: its headings, and the links of the lists and tables
// below each.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pageOf, pages, repository, repositoryLink } from './pages.js';

const contents = 'docs/README.md';

// Folders of many pages of a kind, which are listed below the first of them.
const folders = { 'docs/rules/README.md': 'docs/rules/', 'docs/cli/failover.md': 'docs/cli/' };

export function sidebar() {
  const groups = [];
  for (const line of readFileSync(path.join(repository, contents), 'utf8').split('\n')) {
    const heading = /^## (.*)$/.exec(line);
    if (heading) {
      groups.push({ text: heading[1], items: [] });
      continue;
    }
    const group = groups.at(-1);
    if (!group || !/^(\||-|\d+\.) /.test(line)) continue;
    for (const [, text, href] of line.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)) {
      if (/^[a-z]+:/.test(href)) continue;
      const link = repositoryLink(contents, href);
      if (group.items.some((item) => item.link === link)) continue;
      group.items.push({ text, link, ...below(link) });
    }
  }
  return groups.filter((group) => group.items.length > 0);
}

function below(link) {
  const [first, folder] = Object.entries(folders).find(([first]) => pageOf(first) === link) ?? [];
  if (!first) return {};
  const items = pages()
    .filter(({ file }) => file.startsWith(folder) && file !== first)
    .map(({ file }) => ({ text: path.basename(file, '.md').replaceAll(/^failover-/g, ''), link: pageOf(file) }));
  return { collapsed: true, items };
}
