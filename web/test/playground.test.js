// The built playground in a real Chromium, Debian's unless CHROMIUM names another one.
import axe from 'axe-core';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { brotliCompressSync, constants } from 'node:zlib';
import puppeteer from 'puppeteer-core';
import { serve } from '../serve.mjs';
import { toFragment } from '../src/share.js';

const cases = JSON.parse(execFileSync('go', ['run', './test/cases'], { encoding: 'utf8', maxBuffer: 1 << 28 }));
const { examples } = JSON.parse(readFileSync('dist/start.json', 'utf8'));

let browser, server, origin;
before(async () => {
  server = await serve(0);
  origin = `http://127.0.0.1:${server.address().port}/`;
  browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

// open opens the playground in a profile of its own, and returns the page with what goes
// wrong there. Where the program is slow, it waits for what the page shows without it.
async function open({ fragment = '', width = 1280, scheme = 'light', isSlow = false } = {}) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    wrong.push('a dialog');
    dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(origin)) wrong.push(`a request to ${request.url()}`);
  });
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  if (isSlow) await page.evaluateOnNewDocument(holdProgram);
  await page.goto(origin + fragment);
  if (isSlow) await page.waitForFunction(() => document.body.dataset.first, { timeout: 60_000 });
  else await idle(page);
  return { page, wrong, close: () => context.close() };
}

// holdProgram keeps what the program is asked until window.letGo is called.
function holdProgram() {
  const held = new Promise((resolve) => {
    window.letGo = resolve;
  });
  window.Worker = class extends Worker {
    async postMessage(message) {
      await held;
      super.postMessage(message);
    }
  };
}

// idle waits until all that was asked for is shown.
const idle = (page) => page.waitForFunction(() => document.body.dataset.state === 'idle', { timeout: 60_000, polling: 20 });

// write replaces the text, as somebody does who types.
async function write(page, text) {
  await page.evaluate(() => document.querySelector('#editor').shadowRoot.querySelector('.cm-content').focus());
  await page.keyboard.down('Control');
  await page.keyboard.press('a');
  await page.keyboard.up('Control');
  await page.keyboard.press('Delete');
  for (const [i, line] of text.split('\n').entries()) {
    if (i > 0) {
      await page.keyboard.press('Enter');
      await page.keyboard.press('Home'); // what the editor indents by itself
      await page.keyboard.down('Shift');
      await page.keyboard.press('End');
      await page.keyboard.up('Shift');
      await page.keyboard.press('Delete');
    }
    await page.keyboard.type(line);
    await page.keyboard.press('Escape'); // no completion
  }
  await idle(page);
}

const content = (page, id) => page.evaluate((of) => document.getElementById(of).textContent, id);
const shownYAML = (page) => page.evaluate(() => window.playground.yaml());
const isShown = (page, id) =>
  page.evaluate((of) => {
    const image = document.getElementById(of);
    return !image.hidden && image.complete && image.naturalWidth > 300;
  }, id);
const slide = (page, id, value) =>
  page.evaluate(
    (of, to) => {
      const slider = document.getElementById(of);
      slider.value = to;
      slider.dispatchEvent(new Event('input', { bubbles: true }));
    },
    id,
    value,
  );

const spec = `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: shop, namespace: web}
spec:
  target: envoy-gateway-1.9
  active: {service: {name: shop, port: 8080}}
  passive: {service: {name: shop-standby, port: 8080}}`;

test('somebody types a spec, and sees the YAML, the verdict and the pictures', async () => {
  const { page, wrong, close } = await open();
  await write(page, spec);
  assert.match(await shownYAML(page), /hostname: shop\.web\.svc\.cluster\.local[^]*kind: HTTPRoute/);
  assert.match(await content(page, 'verdicts'), /^may fail over web\/shop \(HTTPRoute, rule 0\): Service web\/shop is not in these files/);
  assert.match(await content(page, 'costs'), /0 of 400/);
  for (const id of ['picture', 'diagram']) {
    assert.ok(await isShown(page, id), `${id} is not shown`);
  }
  await write(page, `${spec}\n  prefer: x`);
  assert.match(await content(page, 'findings'), /error line 8 .*spec\.prefer/);
  assert.equal(await shownYAML(page), '');
  assert.deepEqual(wrong, []);
  await close();
});

test('the first example is answered before the program is there, as the program answers it', async () => {
  const shown = (page) =>
    page.evaluate(() => [
      ...['verdicts', 'findings', 'no-findings', 'costs', 'yaml-note', 'rate-value', 'for-value'].map(
        (id) => document.getElementById(id).outerHTML,
      ),
      window.playground.yaml(),
      ...['picture', 'diagram'].map((id) => document.getElementById(id).outerHTML),
    ]);
  const early = await open({ isSlow: true });
  assert.equal(await content(early.page, 'status'), 'Loading');
  assert.match(await content(early.page, 'verdicts'), /^fails over/);
  const late = await open();
  assert.deepEqual(await shown(early.page), await shown(late.page));
  assert.deepEqual([...early.wrong, ...late.wrong], []);
  await early.close();
  await late.close();
});

test('what is written before the program is there is answered when it is', async () => {
  const { page, wrong, close } = await open({ isSlow: true });
  await page.evaluate(() => window.playground.setText('kind: FailoverSpec\napiVersion: failover.krm.dev/v1alpha1\nspec: {prefer: x}'));
  assert.equal(await content(page, 'status'), 'Loading');
  await page.evaluate(() => window.letGo());
  await idle(page);
  assert.match(await content(page, 'findings'), /spec\.prefer/);
  assert.equal(await content(page, 'status'), '');
  assert.deepEqual(wrong, []);
  await close();
});

test('a slider changes the number and the picture', async () => {
  const { page, wrong, close } = await open();
  const lost = () => page.evaluate(() => document.querySelector('#costs td').textContent);
  const source = () => page.evaluate(() => document.getElementById('picture').src);
  const before = [await lost(), await source()];
  await slide(page, 'rate', 7);
  await idle(page);
  const then = [await lost(), await source()];
  assert.notEqual(then[0], before[0]);
  assert.notEqual(then[1], before[1]);
  assert.match(then[0], /of 2000$/);
  await page.select('#kind', 'hang');
  await idle(page);
  assert.match(await lost(), /^1500 to 1501 .*of 2000$/);
  assert.deepEqual(wrong, []);
  await close();
});

test('a target and a profile are written into the text', async () => {
  const { page, wrong, close } = await open();
  const text = () => page.evaluate(() => window.playground.text());
  await page.select('#profile', 'zero-loss');
  await idle(page);
  assert.match(await text(), /profile: zero-loss/);
  await page.select('#target', 'envoy-gateway-1.9.1');
  await idle(page);
  assert.match(await text(), /^spec:\n {2}target: envoy-gateway-1\.9\.1\n {2}hostnames/m);
  assert.deepEqual(wrong, []);
  await close();
});

test('fields and values are completed from the schema', async () => {
  const { page, wrong, close } = await open();
  await write(page, spec + '\n  policy:\n    prof');
  const options = async () => {
    await page.keyboard.down('Control');
    await page.keyboard.press('Space');
    await page.keyboard.up('Control');
    const list = await page.waitForFunction(() => {
      const found = [
        ...document.querySelector('#editor').shadowRoot.querySelectorAll('.cm-tooltip-autocomplete li .cm-completionLabel'),
      ].map((each) => each.textContent);
      return found.length ? found : undefined;
    });
    return list.jsonValue();
  };
  assert.deepEqual(await options(), ['profile']);
  await page.keyboard.press('Escape');
  await page.keyboard.type('ile: ');
  const profiles = await options();
  for (const profile of ['safe', 'zero-loss', 'custom']) assert.ok(profiles.includes(profile), profile);
  assert.deepEqual(wrong, []);
  await close();
});

test('a link carries the whole input', async () => {
  const state = {
    text: spec,
    target: 'calico-3.31',
    outage: { kind: 'dropped', method: 'POST', rate: 50, for: 40, hosts: 2, broken: 1, patience: 9 },
  };
  const { page, wrong, close } = await open({ fragment: await toFragment(state) });
  assert.deepEqual(await page.evaluate(() => window.playground.state()), state);
  await page.click('#share');
  await page.waitForFunction(() => location.hash.length > 10);
  const other = await open({ fragment: await page.evaluate(() => location.hash) });
  assert.deepEqual(await other.page.evaluate(() => window.playground.state()), state);
  assert.deepEqual([...wrong, ...other.wrong], []);
  await other.close();
  await close();
  const damaged = await open({ fragment: '#1.AAAA' });
  assert.match(await content(damaged.page, 'status'), /^The link is damaged/);
  await damaged.close();
});

test('every example is rendered, or is said not to fail over', async () => {
  const { page, wrong, close } = await open();
  for (const [i, { title }] of examples.entries()) {
    await page.select('#example', String(i));
    await idle(page);
    assert.match(await content(page, 'verdicts'), /fails? over/, title);
    assert.ok(await isShown(page, 'diagram'), title);
  }
  assert.deepEqual(wrong, []);
  await close();
});

test('50 random specs give byte for byte what the command gives', async () => {
  const { page, wrong, close } = await open();
  for (const { text, yaml } of cases.specs) {
    await page.evaluate((to) => window.playground.setText(to), text);
    await idle(page);
    assert.equal(await shownYAML(page), yaml);
  }
  assert.deepEqual(wrong, []);
  await close();
});

test('nothing of a hostile text leaves its place', async () => {
  const { page, wrong, close } = await open();
  const structure = () =>
    page.evaluate(() =>
      JSON.stringify(
        [...document.querySelectorAll('script, style, link, iframe, object, embed, svg, img, form, base, meta')].map((each) =>
          each.outerHTML.replace(/ (src|alt|width|height|hidden)="[^"]*"/g, ''),
        ),
      ),
    );
  const before = await structure();
  const links = new Set();
  for (const [i, text] of cases.hostile.entries()) {
    if (i % 10 === 0)
      await page.evaluate(
        (fragment) => {
          location.hash = fragment;
        },
        await toFragment({ text, target: '<script>alert(1)</script>', outage: { kind: '"><script>alert(1)</script>', rate: '1e999' } }),
      );
    else await page.evaluate((to) => window.playground.setText(to), text);
    await page.waitForFunction((to) => window.playground.text() === to, {}, text.replaceAll(/\r\n?/g, '\n'));
    await idle(page);
    for (const href of await page.evaluate(() => [...document.links].map((each) => each.href))) links.add(new URL(href).origin);
    assert.equal(await structure(), before);
  }
  assert.deepEqual([...links], ['https://github.com']);
  assert.deepEqual(wrong, []);
  await close();
});

test('it works without a network, once loaded', async () => {
  const { page, wrong, close } = await open();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await idle(page);
  await page.setOfflineMode(true);
  const worker = (await page.browserContext().targets()).find((each) => each.type() === 'service_worker');
  const session = await worker.createCDPSession();
  await session.send('Network.emulateNetworkConditions', { offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await page.reload();
  await idle(page);
  assert.match(await content(page, 'verdicts'), /^fails over/);
  assert.deepEqual(wrong, []);
  await close();
});

for (const width of [1280, 390]) {
  for (const scheme of ['light', 'dark']) {
    test(`axe-core finds nothing, and nothing is cut, at ${width} pixels, ${scheme}`, async () => {
      const { page, wrong, close } = await open({ width, scheme });
      await page.setBypassCSP(true);
      await page.reload();
      await idle(page);
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() => window.axe.run());
      assert.deepEqual(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`),
        [],
      );
      assert.equal(
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        true,
        'the page is wider than the screen',
      );
      const cut = await page.evaluate(() =>
        [...document.querySelectorAll('h1, h2, label:not(:has(input)), button, select, td, th, li, p')]
          .filter((each) => each.offsetParent && each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline')
          .map((each) => each.textContent),
      );
      assert.deepEqual(cut, []);
      assert.deepEqual(wrong, []);
      await close();
    });
  }
}

test('the keyboard reaches everything', async () => {
  const { page, close } = await open();
  await page.evaluate(() => document.activeElement.blur());
  const reached = new Set();
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const id = await page.evaluate(() => document.activeElement.id || document.activeElement.tagName);
    reached.add(id);
  }
  for (const id of [
    'example',
    'target',
    'profile',
    'share',
    'editor',
    'kind',
    'method',
    'rate',
    'for',
    'hosts',
    'broken',
    'patience',
    'copy-yaml',
    'download',
    'yaml',
  ])
    assert.ok(reached.has(id), `${id} is not reached by Tab`);
  await close();
});

test('size and speed', async (t) => {
  const quality = process.env.TEST_ALL ? 11 : 9;
  let size = 0;
  for (const file of readdirSync('dist')) {
    const data = readFileSync(`dist/${file}`);
    size += brotliCompressSync(data, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: quality,
        [constants.BROTLI_PARAM_LGWIN]: 24,
        [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
      },
    }).length;
  }
  t.diagnostic(`all files, brotli -${quality}: ${(size / 1e6).toFixed(2)} MB`);
  assert.ok(size <= (quality === 11 ? 4.0e6 : 4.7e6), `${size} bytes`);
  const { page, close } = await open();
  const measured = (name) => page.evaluate((of) => Number(document.body.dataset[of]), name);
  t.diagnostic(`first verdict after ${await measured('first')} ms, the program's own after ${await measured('ready')} ms`);
  const validated = [];
  const took = [];
  const explained = [];
  const dragged = [];
  for (let i = 0; i < 20; i++) {
    await page.evaluate((n) => {
      const text = window.playground.text();
      window.playground.setText(text.replace(/baseEjectionTime: \d+s/, `baseEjectionTime: ${n}s`));
      if (window.playground.text() === text) throw new Error('nothing to change');
    }, 11 + i);
    await idle(page);
    validated.push(await measured('validated'));
    took.push(await measured('took'));
    explained.push(await measured('explained'));
    await slide(page, 'for', 20 + i);
    await idle(page);
    dragged.push(await measured('dragged'));
  }
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  t.diagnostic(
    `a change of the policy: the verdict and the YAML after ${median(validated)} ms, the outage's numbers and picture after ${median(took)} ms, ` +
      `and ${median(explained)} ms for the numbers in findings and the diagram; of a slider: ${median(dragged)} ms (medians of 20)`,
  );
  await close();
});
