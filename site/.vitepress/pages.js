// Which files of the repository are pages of the site, and where links between them lead.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';

export const repository = path.resolve(import.meta.dirname, '../..');
const source = 'https://github.com/failover-krm/failover';

// A README is the page of its folder, as on GitHub.
const isPage = (file) =>
  /^(README|CHANGELOG|CONTRIBUTING|SECURITY|CODE_OF_CONDUCT)\.md$|^docs\/.*\.md$|^examples\/[^/]+\/README\.md$|^e2e\/README\.md$/.test(
    file,
  );

// The Markdown that git knows, or would know.
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: repository, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file && existsSync(path.join(repository, file)));

const known = files.filter(isPage).map((file) => ({ file, path: file.replace(/(^|\/)README\.md$/, '$1index.md') }));

// pages are the files that are pages, each with its path on the site.
export const pages = () => known;

// notPages are the globs of Markdown that is none. web/build has the modules that the playground is
// built of.
export const notPages = () => ['**/node_modules/**', 'web/build/**', ...files.filter((file) => !isPage(file))];

// pageOf is the link to the page of a file.
export function pageOf(file) {
  const page = pages().find((page) => page.file === file);
  return page && '/' + page.path.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '.html');
}

// repositoryLink is where a relative link of a page leads: to another page, or to the source.
export function repositoryLink(page, href) {
  const [target, anchor] = href.split('#');
  const file = path.posix.normalize(path.posix.join(path.posix.dirname(page), decodeURI(target))).replace(/\/$/, '');
  const link = pageOf(file) ?? pageOf(path.posix.join(file, 'README.md'));
  const suffix = anchor ? '#' + anchor : '';
  if (link) return link + suffix;
  const there = path.join(repository, file);
  if (!existsSync(there)) throw new Error(`${page}: ${href} is not there`);
  return `${source}/${statSync(there).isDirectory() ? 'tree' : 'blob'}/main/${file}${suffix}`;
}

// slug makes the anchor of a heading as GitHub does, so that links work in both places.
export function slug(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}
