// The page: what is written on the left is rendered, checked and simulated on the right.
import { apply, goTo, mark, readable, setText, writable } from './editor.js';
import { call, latest } from './program.js';
import { fromFragment, toFragment } from './share.js';

const $ = (id) => document.getElementById(id);
let schema;
let loading = true;

const editor = writable(
  $('editor'),
  'FailoverSpec or any manifests, as YAML',
  () => schema,
  () => changed(),
);
const rendered = readable($('yaml'), 'Rendered YAML');
const text = () => editor.state.doc.toString();

// The sliders, by id, and how a value is shown.
const sliders = {
  rate: (value) => `${value} a second`,
  for: (value) => `${value} s`,
  hosts: (value) => value,
  broken: (value) => (value === 0 ? 'all' : value),
  patience: (value) => `${value} s`,
};
const rates = [0.5, 1, 2, 5, 10, 20, 50, 100];
const valueOf = (id) => (id === 'rate' ? rates[$('rate').value] : Number($(id).value));

const outage = () => ({
  kind: $('kind').value,
  method: $('method').value,
  ...Object.fromEntries(Object.keys(sliders).map((id) => [id, valueOf(id)])),
});

const status = (message) => {
  $('status').textContent = message;
};

// What tests and scripts may ask for.
window.playground = {
  text,
  setText: (to) => setText(editor, to),
  yaml: () => rendered.state.doc.toString(),
  state: () => ({ text: text(), target: $('target').value, outage: outage() }),
};

// shown runs what shows something, and notes how long it takes until all is shown; the task may
// note what is shown earlier.
async function shown(task, measured) {
  const begun = performance.now();
  const note = (what) => {
    document.body.dataset[what] = (performance.now() - begun).toFixed(1);
  };
  document.body.dataset.state = 'busy';
  try {
    await task(note);
  } catch (error) {
    status(`Something went wrong: ${error.message}`);
  }
  note(measured);
}

const ready = () => {
  if (!updating() && !dragging()) document.body.dataset.state = 'idle';
};

// pause is how long nobody types before findings are explained, which takes longer than
// everything else.
const pause = 300;
const passed = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// since notes how long after the page was opened something was there first.
const since = (what) => (document.body.dataset[what] ??= performance.now().toFixed(0));

// update renders, checks and simulates, each shown as soon as it is there. What takes many
// simulations, the numbers in findings and the diagram, follows after a pause.
const [update, updating] = latest(async (isOld) => {
  await shown(async (note) => {
    // The program simulates while the page shows what it has checked.
    const [checked, simulated] = [call('check', { text: text(), target: $('target').value }), call('simulate', outage())];
    simulated.catch(() => {}); // where the check fails too, it says why
    const checking = await checked;
    if (isOld()) return;
    showChecking(checking);
    note('validated');
    await showSimulation(await simulated);
    since('first');
    since('ready');
    if ($('status').textContent === 'Loading') status('');
  }, 'took');
  if (explained) await passed(pause);
  if (isOld()) return;
  await shown(async () => {
    const checking = await call('explain', { text: text(), target: $('target').value });
    if (isOld()) return;
    await showExplained(checking);
    explained = true;
  }, 'explained');
}, ready);
let explained = false;

function showChecking(checking) {
  showYAML(checking);
  showVerdicts(checking);
  if (checking.verdicts.length === 0) showFindings(checking); // which is all that there is to say
}

async function showExplained(checking) {
  showFindings(checking);
  await showDiagram(checking);
}

// drag only simulates: the failovers are those of the last check.
const [drag, dragging] = latest(() => shown(async () => showSimulation(await call('simulate', outage())), 'dragged'), ready);

async function showSimulation({ costs, picture }) {
  showCosts(costs);
  await showPicture($('picture'), picture, 'What became of the requests, second by second. The numbers are in the table above.');
}

function changed() {
  if (loading) return;
  if ($('status').textContent !== 'Loading') status('');
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  update();
}

// element makes an element with a text.
function element(name, content, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...(Array.isArray(content) ? content : [content]));
  return made;
}

function showYAML({ specs, others, yaml }) {
  setText(rendered, yaml);
  $('copy-yaml').disabled = $('download').disabled = yaml === '';
  $('yaml-note').textContent = yaml
    ? `${yaml.split('\n---\n').length} objects`
    : specs
      ? 'Nothing is rendered until the errors are fixed.'
      : others
        ? 'There is no FailoverSpec in the text: these are the manifests themselves.'
        : 'Write a FailoverSpec, or choose an example.';
  $('yaml').hidden = yaml === '';
}

const words = { yes: 'fails over', no: 'does not fail over', unknown: 'may fail over' };

function showVerdicts({ verdicts, specs, others }) {
  $('verdicts').replaceChildren(
    ...verdicts.map(({ name, verdict, reason }) =>
      element('li', [element('strong', words[verdict]), ` ${name}: ${reason}`], { className: verdict }),
    ),
  );
  if (verdicts.length === 0)
    $('verdicts').append(element('li', specs + others ? 'No failover is found in the text.' : 'The text is empty.', { className: 'none' }));
}

function showFindings({ findings }) {
  mark(editor, findings);
  $('findings').replaceChildren(
    ...findings.map((found) => {
      const place = element('button', found.line ? `line ${found.line}` : 'text', {
        type: 'button',
        onclick: () => goTo(editor, found.line, found.column),
      });
      const item = element('li', [
        element('span', found.severity, { className: `severity ${found.severity}` }),
        ' ',
        place,
        ` ${found.message} `,
      ]);
      if (found.rule) item.append(element('a', found.rule, { href: found.url, target: '_blank', rel: 'noopener' }));
      return item;
    }),
  );
  $('no-findings').hidden = findings.length > 0;
}

const showDiagram = ({ diagram, verdicts }) =>
  showPicture($('diagram'), diagram, 'Diagram: ' + verdicts.map(({ name, reason }) => `${name}: ${reason}`).join('; '));

const seconds = (value) => (value === null ? 'never' : `${value.toFixed(1)} s`);

// range writes the least, the most and the median, or one of them where all look the same.
function range({ min, median, max }, write) {
  const [least, most, usual] = [min, max, median].map(write);
  return least === most ? least : `${least} to ${most} (${usual})`;
}

function showCosts(costs) {
  $('costs').hidden = costs.length === 0;
  $('no-costs').hidden = costs.length > 0;
  $('costs').tBodies[0].replaceChildren(
    ...costs.map(({ name, note, sent, lost, during, after, failover, failback, slowest }) => {
      const heading = element('th', note ? [name, element('small', note)] : name, { scope: 'row' });
      if (!sent) return element('tr', [heading]);
      return element('tr', [
        heading,
        element('td', `${range(during, String)} of ${sent}${after.max > 0 ? `, and ${range(after, String)} after it` : ''}`, {
          className: lost.median > 0 ? 'loses' : 'keeps',
        }),
        ...[failover, failback, slowest].map((times) => element('td', range(times, seconds))),
      ]);
    }),
  );
}

// drawn has what each image shows.
const drawn = new Map();

// showPicture shows an SVG as an image: nothing in it can reach the page. A browser has one of
// a data: URL sooner than one of a Blob, which it loads from another process.
async function showPicture(image, svg, alternative) {
  image.alt = alternative;
  if (drawn.get(image) === svg) return;
  drawn.set(image, svg);
  image.hidden = !svg;
  image.parentElement.hidden = !svg;
  if (!svg) return;
  const size = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg);
  if (size) [image.width, image.height] = [size[1], size[2]];
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode().catch(() => {});
}

function showSliders() {
  for (const [id, write] of Object.entries(sliders)) {
    $(`${id}-value`).textContent = write(valueOf(id));
    $(id).setAttribute('aria-valuetext', write(valueOf(id)));
  }
  $('broken').max = $('hosts').value;
}

// choose writes a field into the text.
async function choose(field, value) {
  document.body.dataset.state = 'busy';
  try {
    apply(editor, await call('set', { text: text(), field, value }));
  } catch (error) {
    status(error.message);
  }
  update(); // of manifests, which have no field for it
}

async function copy(content, what) {
  try {
    await navigator.clipboard.writeText(content);
    status(`${what} is copied.`);
  } catch {
    status(`The browser does not permit copying. ${what} is in the address bar, or can be selected.`);
  }
}

async function share() {
  const fragment = await toFragment({ text: text(), target: $('target').value, outage: outage() });
  history.replaceState(null, '', fragment);
  await copy(location.href, 'The link');
}

function download() {
  const link = element('a', '', {
    href: URL.createObjectURL(new Blob([rendered.state.doc.toString()], { type: 'application/yaml' })),
    download: 'failover.yaml',
  });
  link.click();
  URL.revokeObjectURL(link.href);
}

// restore sets what a link carries. What it has that there is not is left as it is.
function restore(state) {
  const has = (select, value) => [...$(select).options].some((option) => option.value === value);
  if (has('target', state.target)) $('target').value = state.target;
  for (const id of ['kind', 'method']) if (has(id, state.outage?.[id])) $(id).value = state.outage[id];
  for (const id of Object.keys(sliders)) {
    const value = state.outage?.[id];
    if (typeof value !== 'number') continue;
    if (id !== 'rate') $(id).value = value;
    else if (rates.includes(value)) $(id).value = rates.indexOf(value);
  }
  setText(editor, state.text);
}

async function open() {
  try {
    const state = await fromFragment(location.hash);
    if (!state) return false;
    restore(state);
    return true;
  } catch (error) {
    status(`The link is damaged: ${error.message}`);
    return false;
  }
}

async function main() {
  status('Loading');
  const { examples, choices, answers } = await (await fetch('start.json')).json();
  $('example').append(...examples.map(({ title }, i) => new Option(title, i)));
  $('target').append(...choices.targets.map((each) => new Option(each, each, each === choices.default, each === choices.default)));
  $('kind').append(...choices.kinds.map((each) => new Option(each)));
  restore({ text: examples[0].text, target: choices.default, outage: choices.outage });

  $('example').addEventListener('change', () => setText(editor, examples[$('example').value].text));
  $('target').addEventListener('change', () => choose('spec.target', $('target').value));
  $('profile').addEventListener('change', () => $('profile').value && choose('spec.policy.profile', $('profile').value));
  for (const id of ['kind', 'method', ...Object.keys(sliders)])
    $(id).addEventListener('input', () => {
      showSliders();
      drag();
    });
  $('share').addEventListener('click', share);
  $('copy-yaml').addEventListener('click', () => copy(rendered.state.doc.toString(), 'The YAML'));
  $('download').addEventListener('click', download);
  window.addEventListener('hashchange', async () => {
    loading = true;
    if (await open()) {
      showSliders();
      update();
    }
    loading = false;
  });

  const isLink = await open();
  showSliders();
  loading = false;
  const updated = update();
  if (!isLink) {
    // The program is still on its way. Its own answers will be the same.
    showChecking(answers.check);
    await Promise.all([showSimulation(answers.simulate), showExplained(answers.explain)]);
    since('first');
  }
  await updated;
  schema = await call('schema');
  if ('serviceWorker' in navigator) await navigator.serviceWorker.register('offline.js').catch(() => {});
}

main().catch((error) => status(`The playground could not be loaded: ${error.message}`));
