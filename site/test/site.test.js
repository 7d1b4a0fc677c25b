// The site as it was built: every link leads somewhere, and every page can be found.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { pageOf, pages } from '../.vitepress/pages.js';

const dist = path.resolve(import.meta.dirname, '../dist');
const base = process.env.SITE_BASE ?? '/';

const htmlFiles = readdirSync(dist, { recursive: true })
  .filter((file) => file.endsWith('.html') && !file.startsWith('playground'))
  .map((file) => file.replaceAll(path.sep, '/'));
const html = new Map(htmlFiles.map((file) => [file, readFileSync(path.join(dist, file), 'utf8')]));
const ids = new Map([...html].map(([file, text]) => [file, new Set([...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id))]));

// fileOf is the file that a link of a page asks for.
function fileOf(page, link) {
  const url = new URL(link, `http://site${base}${page}`);
  if (url.host !== 'site') return undefined;
  assert.ok(url.pathname.startsWith(base), `${page}: ${link} is not below ${base}`);
  const file = decodeURI(url.pathname.slice(base.length));
  return { file: file === '' || file.endsWith('/') ? file + 'index.html' : file, anchor: decodeURIComponent(url.hash.slice(1)) };
}

test('every page of the repository is one of the site', () => {
  assert.ok(pages().length > 100);
  for (const { path: page } of pages()) assert.ok(html.has(page.replace(/\.md$/, '.html')), page);
});

test('every link leads to a file, and to an anchor in it', () => {
  const dead = [];
  let checked = 0;
  for (const [page, text] of html) {
    if (page === '404.html') continue;
    for (const [, link] of text.matchAll(/ (?:href|src)="([^"]*)"/g)) {
      const target = fileOf(page, link.replaceAll('&amp;', '&'));
      if (!target) continue;
      checked++;
      if (!existsSync(path.join(dist, target.file))) dead.push(`${page}: ${link}`);
      else if (target.anchor && ids.has(target.file) && !ids.get(target.file).has(target.anchor))
        dead.push(`${page}: ${link}: no such heading`);
    }
  }
  assert.ok(checked > 1000);
  assert.deepEqual([...new Set(dead)], []);
});

test('every page of docs and examples can be reached from the navigation', () => {
  const index = html.get('docs/index.html');
  // The commands and rules are listed one level below, collapsed.
  const missing = pages()
    .map(({ file }) => file)
    .filter((file) => /^(docs|examples)\//.test(file) && file !== 'docs/README.md')
    .filter((file) => !index.includes(`href="${base}${pageOf(file).slice(1)}"`));
  assert.deepEqual(missing, []);
});

test('the playground is a part of it', () => {
  assert.ok(existsSync(path.join(dist, 'playground/index.html')));
});
