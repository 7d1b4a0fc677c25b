import assert from 'node:assert/strict';
import { test } from 'node:test';
import { place } from '../src/path.js';

// Each text ends where the cursor is.
const cases = [
  ['nothing', '', { path: [], prefix: '' }],
  ['a key at the top', 'ki', { path: [], prefix: 'ki' }],
  ['below a key', 'spec:\n  ho', { path: ['spec'], prefix: 'ho' }],
  ['below two keys, an empty line', 'spec:\n  active:\n    ', { path: ['spec', 'active'], prefix: '' }],
  ['a key next to others', 'spec:\n  active:\n    name: a\n  po', { path: ['spec'], prefix: 'po' }],
  ['a value', 'spec:\n  policy:\n    profile: za', { path: ['spec', 'policy'], key: 'profile', prefix: 'za' }],
  ['an empty value', 'spec:\n  prefer: ', { path: ['spec'], key: 'prefer', prefix: '' }],
  ['right behind a colon', 'spec:\n  prefer:', undefined],
  ['an item of a list', 'spec:\n  rules:\n    - na', { path: ['spec', 'rules', '[]'], prefix: 'na' }],
  ['an item of a list as far left as its key', 'spec:\n  rules:\n  - na', { path: ['spec', 'rules', '[]'], prefix: 'na' }],
  ['the second key of an item', 'spec:\n  rules:\n  - name: a\n    ma', { path: ['spec', 'rules', '[]'], prefix: 'ma' }],
  ['a list in an item', 'spec:\n  rules:\n  - matches:\n    - pa', { path: ['spec', 'rules', '[]', 'matches', '[]'], prefix: 'pa' }],
  ['a list in a list', 'a:\n- - b', { path: ['a', '[]', '[]'], prefix: 'b' }],
  [
    'a map in an item',
    'spec:\n  rules:\n  - matches:\n    - path:\n        ty',
    { path: ['spec', 'rules', '[]', 'matches', '[]', 'path'], prefix: 'ty' },
  ],
  ['after a comment', 'spec: # why\n  # more: words\n  ho', { path: ['spec'], prefix: 'ho' }],
  ['a flow map', 'spec:\n  active: {service: {na', { path: ['spec', 'active', 'service'], prefix: 'na' }],
  ['a value in a flow map', 'spec:\n  policy: {profile: sa', { path: ['spec', 'policy'], key: 'profile', prefix: 'sa' }],
  ['the second key of a flow map', 'spec:\n  active: {service: {name: a, po', { path: ['spec', 'active', 'service'], prefix: 'po' }],
  ['after an inner map is closed', 'spec:\n  active: {service: {name: a, port: 1}, na', { path: ['spec', 'active'], prefix: 'na' }],
  ['a flow list of maps', 'spec:\n  matches: [{path: {ty', { path: ['spec', 'matches', '[]', 'path'], prefix: 'ty' }],
  [
    'a flow list of words',
    'spec:\n  policy:\n    retry:\n      retryOn: {triggers: [re',
    { path: ['spec', 'policy', 'retry', 'retryOn', 'triggers', '[]'], prefix: 're' },
  ],
  ['a flow map over two lines', 'spec:\n  active: {service: {name: a},\n    na', { path: ['spec', 'active'], prefix: 'na' }],
  ['brackets in quotes', 'spec:\n  a: "{"\n  ho', { path: ['spec'], prefix: 'ho' }],
  ['a bracket in a comment', 'spec: # {\n  ho', { path: ['spec'], prefix: 'ho' }],
  ['the second document', 'kind: A\nspec:\n---\nki', { path: [], prefix: 'ki' }],
  ['a quoted key', '"spec":\n  "ho', { path: ['spec'], prefix: '"ho' }],
  ['in the middle of a sentence', 'spec:\n  name: a b', { path: ['spec'], key: 'name', prefix: 'a b' }],
];

for (const [name, before, want] of cases) {
  test(`place: ${name}`, () => assert.deepEqual(place(before), want));
}
