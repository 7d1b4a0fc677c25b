// Each picture in a real browser: no text leaves its box, overlaps another one, or is too
// small or too pale to read, in light and dark, on a wide page and on a phone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, look, looks } from './chromium.js';
import { committed, hostile } from './diagrams.js';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

// problems tells what is wrong with the picture on the page.
function problems() {
  const found = [];
  const svg = document.querySelector('svg');
  const within = (outer, x, y) => outer.left <= x && x <= outer.right && outer.top <= y && y <= outer.bottom;
  const opaque = (color) => !['none', 'rgba(0, 0, 0, 0)'].includes(color);
  const channels = (color) => color.match(/[\d.]+/g).slice(0, 3).map((value) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = (color) => channels(color).reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  const grounds = [...svg.querySelectorAll('rect, circle')].map((element) => {
    const style = getComputedStyle(element);
    return { box: element.getBoundingClientRect(), fill: opaque(style.fill) && Number(style.fillOpacity) === 1 ? style.fill : null };
  });
  const picture = svg.getBoundingClientRect();
  const scale = picture.width / svg.viewBox.baseVal.width;
  const texts = [...svg.querySelectorAll('text')].filter((element) => element.textContent.trim() !== '').map((element) => {
    const box = element.getBoundingClientRect();
    // The box of a line is higher than its letters.
    return { element, label: element.textContent, left: box.left, right: box.right, top: box.top + box.height * 0.18, bottom: box.bottom - box.height * 0.18 };
  });
  for (const text of texts) {
    const size = Number(text.element.getAttribute('font-size')) * scale;
    if (size < 12) found.push(`"${text.label}" is ${size} pixels high`);
    const around = grounds.filter(({ box }) => within(box, text.left + 1, (text.top + text.bottom) / 2)).sort((a, b) => a.box.width - b.box.width);
    if (around.length === 0) {
      found.push(`"${text.label}" is on no ground`);
      continue;
    }
    const { box } = around[0];
    if (text.right > box.right + 0.5 || text.left < box.left - 0.5 || text.bottom > box.bottom + 0.5 || text.top < box.top - 0.5) {
      found.push(`"${text.label}" leaves its box: ${text.right} > ${box.right}`);
    }
    const ground = around.find(({ fill }) => fill !== null);
    const ratio = contrast(getComputedStyle(text.element).fill, ground.fill);
    if (ratio < 4.5) found.push(`"${text.label}" has a contrast of ${ratio.toFixed(1)}`);
  }
  texts.sort((a, b) => a.top - b.top);
  texts.forEach((text, i) => {
    for (const other of texts.slice(i + 1)) {
      if (other.top > text.bottom) break;
      if (other.left < text.right - 0.5 && text.left < other.right - 0.5 && other.top < text.bottom - 0.5) {
        found.push(`"${text.label}" and "${other.label}" overlap`);
      }
    }
  });
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page is wider than the screen');
  const label = (svg.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent);
  if (svg.getAttribute('role') !== 'img' || label.length !== 2 || label.includes(undefined)) found.push('there is no title or no description');
  return found;
}

// open returns a page, and what goes wrong there.
async function open() {
  const page = await browser.newPage();
  const wrong = [];
  page.on('console', (message) => wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => { wrong.push('a dialog'); dialog.dismiss(); });
  page.on('request', (request) => wrong.push(`a request to ${request.url()}`));
  return { page, wrong };
}

// show has a picture on a page.
const show = (page, svg) => page.setContent('<!doctype html><meta name="viewport" content="width=device-width">' +
  `<style>body{margin:0} svg{max-width:100%;height:auto;display:block}</style>${svg}`);

const pictures = committed('.svg');

test('there are pictures of each kind', () => {
  for (const directory of ['examples/', 'docs/pictures/', 'testdata/graph/broken/']) {
    assert.ok(pictures.some(({ name }) => name.startsWith(directory)), directory);
  }
});

for (const { name, text } of pictures) {
  test(name, async () => {
    const { page, wrong } = await open();
    await show(page, text);
    for (const how of looks) {
      await look(page, how);
      assert.deepEqual(await page.evaluate(problems), [], JSON.stringify(how));
    }
    await look(page, { width: 390, scheme: 'light' });
    for (const font of ['DejaVu Sans', 'Liberation Sans']) {
      const style = await page.addStyleTag({ content: `.failover-picture text{font-family:"${font}"!important}` });
      assert.deepEqual(await page.evaluate(problems), [], font);
      await style.evaluate((element) => element.remove());
    }
    assert.deepEqual(wrong, []);
    await page.close();
  });
}

test('hostile texts', { timeout: 600_000 }, async () => {
  const { page, wrong } = await open();
  await look(page, { width: 390, scheme: 'light' });
  for (const { text, graph, outage } of hostile()) {
    for (const svg of [graph, outage]) {
      await show(page, svg);
      const elements = await page.evaluate(() => [...new Set([...document.querySelectorAll('svg, svg *')].map((element) => element.localName))]);
      assert.deepEqual(elements.filter((element) => !['svg', 'title', 'desc', 'style', 'g', 'rect', 'path', 'circle', 'text'].includes(element)), []);
      assert.deepEqual(await page.evaluate(problems), [], JSON.stringify(text.slice(0, 200)));
      assert.deepEqual(wrong, [], JSON.stringify(text));
    }
  }
  await page.close();
});
