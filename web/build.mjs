// Puts the playground together: the page, its scripts in one file each, the program, the
// examples.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import vm from 'node:vm';
import { build } from 'esbuild';

const out = 'dist';
rmSync(out, { recursive: true, force: true });
mkdirSync(out);

const goroot = execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim();
await build({
  entryPoints: { start: 'src/start.js', main: 'src/main.js', worker: 'src/worker.js' },
  outdir: out,
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  alias: { 'go-wasm-exec': `${goroot}/lib/wasm/wasm_exec.js` },
  legalComments: 'none',
  logLevel: 'warning',
});

for (const file of ['index.html', 'style.css', 'icon.svg']) cpSync(file, `${out}/${file}`);
cpSync('build/failover.wasm', `${out}/failover.wasm`);

// The titles of the menu, and the files that stand behind them.
const examples = [
  ['The workshop: both sides are made', '../examples/workshop/failover.yaml'],
  ['Services that run already', '../examples/existing-services/failover.yaml'],
  ['Several rules', '../examples/rules/failover.yaml'],
  ['Weights in a tier', '../examples/weighted/failover.yaml'],
  ['Each pod a host of its own', '../examples/headless/failover.yaml'],
  ['gRPC', '../examples/grpc/failover.yaml'],
  ['TLS passed through', '../examples/tls-passthrough/failover.yaml'],
  ['TCP', '../examples/tcp/failover.yaml'],
  ['A standby in another cluster', '../examples/multi-cluster/failover.yaml'],
  ['Planned switchover', '../examples/switchover/failover.yaml'],
  ["Other people's manifests", '../testdata/workshop/wanted.yaml'],
  ['Manifests that never fail over', '../testdata/rule/max-ejection-too-low/fires.yaml'],
].map(([title, file]) => ({ title, text: readFileSync(file, 'utf8') }));

// program starts the program here, as the worker does in a browser, and returns its calls.
async function program() {
  vm.runInThisContext(readFileSync(`${goroot}/lib/wasm/wasm_exec.js`, 'utf8'));
  const go = new Go();
  go.run((await WebAssembly.instantiate(readFileSync(`${out}/failover.wasm`), go.importObject)).instance);
  return (name, args = {}) => {
    const { result, error } = JSON.parse(globalThis.failover(name, JSON.stringify(args)));
    if (error) throw new Error(error);
    return result;
  };
}

// What the page begins with. The answers are those of the first example, so that they are
// shown before a browser has loaded the program, which takes a second or more.
const call = await program();
const choices = call('choices');
const first = { text: examples[0].text, target: choices.default };
const answers = { check: call('check', first), simulate: call('simulate', choices.outage), explain: call('explain', first) };
writeFileSync(`${out}/start.json`, JSON.stringify({ examples, choices, answers }));

// The service worker keeps this very version, by the hash of all its files.
const files = readdirSync(out).sort();
const hash = createHash('sha256');
for (const file of files) hash.update(file).update(readFileSync(`${out}/${file}`));
const offline = readFileSync('src/offline.js', 'utf8')
  .replace('FILES', JSON.stringify(['./', ...files]))
  .replace('VERSION', JSON.stringify(hash.digest('hex').slice(0, 16)));
writeFileSync(`${out}/offline.js`, offline);
