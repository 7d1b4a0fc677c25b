import path from 'node:path';
import { defineConfig } from 'vitepress';
import { notPages, pages, pageOf, repositoryLink, slug } from './pages.js';
import { sidebar } from './sidebar.js';

export default defineConfig({
  title: 'failover',
  description: 'Active/passive failover at a Kubernetes gateway, from a dozen lines',
  base: process.env.SITE_BASE ?? '/',
  srcDir: '..',
  srcExclude: notPages(),
  outDir: 'dist',
  rewrites: Object.fromEntries(pages().map((page) => [page.file, page.path])),
  markdown: {
    anchor: { slugify: slug },
    config(md) {
      // To Vue, braces in a text would be a program.
      for (const rule of ['text', 'code_inline']) {
        const render = md.renderer.rules[rule];
        md.renderer.rules[rule] = (...args) => render(...args).replaceAll('{{', '&#123;&#123;');
      }
      md.core.ruler.push('repository-links', (state) => {
        for (const token of state.tokens.flatMap((token) => token.children ?? [])) {
          const href = token.type === 'link_open' ? token.attrGet('href') : undefined;
          if (href && !/^([a-z]+:|#|\/)/.test(href)) {
            token.attrSet('href', repositoryLink(state.env.relativePath, href));
          }
        }
      });
    },
  },
  // The pages are not below the packages, so that these are not found from there.
  vite: { resolve: { alias: [{ find: /^vue(?=$|\/)/, replacement: path.resolve(import.meta.dirname, '../node_modules/vue') }] } },
  themeConfig: {
    nav: [
      { text: 'Documentation', link: pageOf('docs/README.md') },
      { text: 'Playground', link: '/playground/', target: '_self' },
      { text: 'Changes', link: pageOf('CHANGELOG.md') },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: 'https://github.com/failover-krm/failover' }],
    docFooter: { prev: false, next: false },
  },
});
