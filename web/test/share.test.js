import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromFragment, toFragment } from '../src/share.js';

test('a link gives back what was put in', async () => {
  for (const text of ['', 'kind: FailoverSpec\n', '日本語 \u202e </script> "\' 🎉\u0000', 'x'.repeat(1000000)]) {
    const state = { text, target: 'calico-3.32' };
    assert.deepEqual(await fromFragment(await toFragment(state)), state);
  }
});

test('a damaged link is refused', async () => {
  assert.equal(await fromFragment(''), undefined);
  assert.equal(await fromFragment('#other'), undefined);
  const whole = await toFragment({ text: 'kind: FailoverSpec\n'.repeat(50) });
  for (const bad of [
    '#1.',
    '#1.!!!',
    whole.slice(0, -8),
    await toFragment({ text: 1 }),
    await toFragment(null),
    await toFragment({ text: 'x'.repeat(2 << 20) }),
  ]) {
    await assert.rejects(fromFragment(bad), undefined, bad.slice(0, 60));
  }
});
