// The diagrams that tests look at.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const e2e = join(dirname(fileURLToPath(import.meta.url)), '..');
const root = join(e2e, '..');

// committed returns the files of the repository whose names end so: name and text.
export const committed = (ending) => execFileSync('git', ['ls-files', `*${ending}`, ':!web/icon.svg'], { cwd: root, encoding: 'utf8' })
  .split('\n').filter(Boolean).map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));

// hostile returns diagrams that are full of texts which try to leave their place.
export const hostile = () => JSON.parse(execFileSync('go', ['run', './browser/hostile'], { cwd: e2e, encoding: 'utf8', maxBuffer: 1 << 30 }));
