// Each flowchart in the real Mermaid, with the configuration that GitHub has.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { launch } from './chromium.js';
import { committed, hostile } from './diagrams.js';

let browser;
let page;
const wrong = [];
before(async () => {
  browser = await launch();
  page = await browser.newPage();
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('dialog', (dialog) => { wrong.push('a dialog'); dialog.dismiss(); });
  await page.setContent('<!doctype html><meta charset="utf-8"><body>');
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve('mermaid/dist/mermaid.min.js') });
  page.on('request', (request) => wrong.push(`a request to ${request.url()}`));
});
after(() => browser.close());

// render returns what Mermaid makes of a flowchart: its elements, and the texts of its
// labels.
const render = (text, theme) => page.evaluate(async (text, theme) => {
  mermaid.initialize({ startOnLoad: false, securityLevel: 'strict', theme });
  const parsed = await mermaid.parse(text);
  const { svg } = await mermaid.render('chart', text);
  document.body.innerHTML = svg;
  const labels = [...document.querySelectorAll('.nodeLabel')].map((label) => label.textContent);
  const elements = [...new Set([...document.querySelectorAll('body *')].map((element) => element.localName))];
  document.body.innerHTML = '';
  return { type: parsed.diagramType, labels, elements };
}, text, theme);

const isOurs = (element) => ['svg', 'style', 'g', 'defs', 'marker', 'path', 'circle', 'rect', 'line', 'polygon', 'text', 'tspan', 'foreignobject', 'foreignObject', 'div', 'span', 'p', 'br', 'lineargradient', 'linearGradient', 'stop', 'filter', 'fedropshadow', 'feDropShadow'].includes(element);

for (const { name, text } of committed('.mmd')) {
  test(name, async () => {
    for (const theme of ['default', 'dark']) {
      const { type, labels, elements } = await render(text, theme);
      assert.equal(type, 'flowchart-v2');
      assert.ok(labels.includes('client'), labels.join('\n'));
      assert.ok(labels.some((label) => label.includes('failback: ')), labels.join('\n'));
      assert.deepEqual(elements.filter((element) => !isOurs(element)), []);
    }
    assert.deepEqual(wrong, []);
  });
}

test('hostile texts', { timeout: 900_000 }, async () => {
  const all = hostile();
  // A label is of the lines that fit: where they all do, it says what there is.
  const plain = await render(all[0].mermaid, 'default');
  for (const { text, mermaid: chart } of all) {
    const { type, labels, elements } = await render(chart, 'default');
    assert.equal(type, 'flowchart-v2', JSON.stringify(text));
    assert.equal(labels.length, plain.labels.length, JSON.stringify(text));
    assert.deepEqual(elements.filter((element) => !isOurs(element)), [], JSON.stringify(text));
    assert.deepEqual(wrong, [], JSON.stringify(text));
  }
  assert.ok(plain.labels.some((label) => label.includes('<script>alert(1)</script>')), 'markup is text');
});
