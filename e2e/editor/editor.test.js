import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { accepted, start } from './server.js';

const root = new URL('../../', import.meta.url);
const read = (name) => readFileSync(new URL(name, root), 'utf8');
const schema = 'pkg/api/v1alpha1/failoverspec.schema.json';
const head = `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: shop, namespace: web}
spec:
`;
const passive = '  passive: {service: {name: standby, port: 8080}}\n';

let server;
before(async () => {
  server = await start({ schemas: { [new URL(schema, root)]: ['*.failover.yaml'] }, schemaStore: { enable: false } });
});
after(() => server?.stop());

// isGood has the language server and failover itself take a text.
async function isGood(text) {
  assert.deepEqual(messages(await server.diagnose(text)), [], text);
  const rendered = execFileSync('go', ['run', './fn/failover', 'render', '-'], { cwd: root, input: text, encoding: 'utf8' });
  assert.match(rendered, /^kind: HTTPRoute$/m);
}

const messages = (diagnostics) => diagnostics.map(({ message }) => message);

test('an empty file becomes a whole spec', async () => {
  const snippets = Object.entries(JSON.parse(read('editors/failover.code-snippets')));
  assert.ok(snippets.length > 1);
  const offered = await server.complete('|');
  for (const [label, { body, description }] of snippets) {
    const item = offered.find((each) => each.label === label && each.documentation === description);
    assert.ok(item, `${label} is not offered`);
    assert.equal(item.textEdit?.newText ?? item.insertText, body.join('\n'));
    await isGood(accepted(item));
  }
});

test('a spec grows only by completion', async () => {
  for (const [above, wanted] of [
    ['', ['apiVersion', 'kind', 'metadata', 'spec']],
    [head + '  ', ['hostnames', 'active', 'passive', 'gateway', 'policy', 'target']],
    [head + '  prefer: ', ['active', 'passive']],
    [head + '  policy:\n    profile: ', ['safe', 'zero-loss', 'custom']],
    [head + '  active:\n    service:\n      ', ['name', 'namespace', 'port']],
    [head + '  active:\n    service:\n      port: ', ['8080']],
    [head + '  hostnames: ', ['["shop.example.com"]']],
  ]) {
    const labels = (await server.complete(above + '|')).map(({ label }) => label);
    for (const label of wanted) assert.ok(labels.includes(label), `${label} is not among ${labels} after\n${above}`);
  }
});

test('each source of a tier is a completion that makes a good spec', async () => {
  const offered = (await server.complete(head + passive + '  active:\n    |')).filter(
    ({ documentation }) => typeof documentation === 'string',
  );
  assert.deepEqual(offered.map(({ label }) => label).sort(), ['endpoints', 'service', 'serviceImport', 'workload']);
  for (const item of offered) await isGood(head + passive + '  active:\n    ' + accepted(item).replaceAll('\n', '\n    ') + '\n');
});

test('a hover is a readable text', async () => {
  for (const [marked, ...wanted] of [
    [
      '  pre|fer: passive\n',
      'Prefer says which tier serves while both are healthy: active or passive. With passive, the active tier stands by instead: its Backend is the fallback.',
      '* `passive`\n* `active`',
    ],
    [
      '  active: {end|points: [{ip: {address: 192.0.2.1, port: 80}}]}\n',
      'Example:\n\n```yaml\n- fqdn:\n    hostname: shop.dr.example.net\n',
    ],
    [
      '  gateway: {listeners: [{name: a, allowedRoutes: {namespaces: {fr|om: All}}}]}\n',
      '\n* All: Routes in all namespaces may be used by this Gateway.\n* Selector: Routes in namespaces selected by the selector may be used',
    ],
    ['  policy: {pro|file: safe}\n', 'Profile that supplies what is not written.\n\nDefault: `safe`'],
    ['  rules: [{filters: [{requestHeaderModifier: {s|et: []}}]}]\n', '```\n  GET /foo HTTP/1.1\n  my-header: foo\n```'],
  ]) {
    const text = await server.hover(head + marked);
    for (const part of wanted) assert.ok(text.includes(part), `${JSON.stringify(text)} has no ${JSON.stringify(part)}`);
    assert.ok(!text.includes('<gateway:'), text);
  }
});

test('what must be there once is flagged where it is missing, and where it is there twice', async () => {
  const tier = 'A tier has exactly one of workload, service, serviceImport, endpoints and backends.';
  const backend = 'A backend has exactly one of workload, service, serviceImport and endpoints.';
  const route = 'A spec has at most one of matches, rules, grpcRoute, tlsRoute and tcpRoute.';
  for (const [spec, message, where] of [
    ['  active: {service: {name: a, port: 80}, workload: {image: a, port: 80}}\n', tier, 'service'],
    ['  active: {service: {name: a, port: 80}, backends: [{service: {name: a, port: 80}}]}\n', tier, 'backends'],
    ['  active: {name: a}\n', tier, 'active'],
    ['  active: {backends: [{service: {name: a, port: 80}, endpoints: [{ip: {address: 192.0.2.1, port: 80}}]}]}\n', backend, 'endpoints'],
    ['  active: {service: {name: a, port: 80}}\n  matches: []\n  tcpRoute: {}\n', route, 'tcpRoute'],
  ]) {
    const text = head + passive + spec;
    const diagnostics = await server.diagnose(text);
    assert.deepEqual([...new Set(messages(diagnostics))], [message], text);
    const lines = diagnostics.map(({ range }) => text.split('\n')[range.start.line]);
    assert.ok(
      lines.some((line) => line.includes(where)),
      `${lines} is marked, and not ${where}, in\n${text}`,
    );
  }
});

// unusual are cases that are accepted, and that an editor is right to mark.
const unusual = {
  'byte-order-marks-and-directives': 'a byte order mark within the file is a character to the server',
  'nulls-are-absent': 'null is no value of these types',
  'quantities-as-numbers': 'a quantity is a string or an integer in the schema, as in that of Kubernetes',
};

test('what failover renders, the schema accepts', async () => {
  const names = execFileSync('git', ['ls-files', 'examples/*.yaml', 'testdata/render/*/expected.yaml'], { cwd: root, encoding: 'utf8' });
  const specs = names
    .split('\n')
    .filter((name) => name && !(name.split('/').at(-2) in unusual))
    .map((name) => ({ name, text: read(name.replace('expected.yaml', 'input.yaml')) }))
    .filter(({ text }) => [...text.matchAll(/^kind: *(\S+)/gm)].map((match) => match[1]).join() === 'FailoverSpec');
  assert.ok(specs.length > 50, `${specs.length} specs`);
  await Promise.all(
    specs.map(async ({ name, text }) => {
      const diagnostics = await server.diagnose(text.replace(/^# yaml-language-server.*/, '#'));
      assert.deepEqual(messages(diagnostics.filter(({ source }) => source.startsWith('yaml-schema'))), [], name);
    }),
  );
});

test('the entry for SchemaStore makes the server find the schema by the name of a file', async () => {
  const entry = JSON.parse(read('editors/schemastore.json'));
  assert.deepEqual(Object.keys(entry), ['name', 'description', 'fileMatch', 'url']);
  assert.ok(entry.url.endsWith('/main/' + schema));
  const store = createServer((request, response) => {
    const origin = `http://${request.headers.host}`;
    const catalog = { version: 1, schemas: [{ ...entry, url: `${origin}/schema.json` }] };
    response.end(request.url === '/schema.json' ? read(schema) : JSON.stringify(catalog));
  });
  await new Promise((resolve) => store.listen(0, '127.0.0.1', resolve));
  const found = await start({ schemaStore: { enable: true, url: `http://127.0.0.1:${store.address().port}/catalog.json` } });
  try {
    for (const pattern of entry.fileMatch) {
      assert.notDeepEqual(await found.diagnose('kind: Nothing\n', pattern.replace('*', 'shop')), [], pattern);
    }
    assert.deepEqual(await found.diagnose('kind: Nothing\n', 'deployment.yaml'), []);
  } finally {
    found.stop();
    store.closeAllConnections();
    store.close();
  }
});
