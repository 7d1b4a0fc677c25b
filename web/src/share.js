// A link that carries all of the input: #1. and the compressed JSON in base64url.

const version = '#1.';
// A link must not fill the memory of who opens it.
const longest = 1 << 20;

export async function toFragment(state) {
  const packed = new Blob([JSON.stringify(state)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return version + btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

// fromFragment returns the state of a link, or undefined where it carries none. It
// throws where a link is damaged.
export async function fromFragment(fragment) {
  if (!fragment.startsWith(version)) return undefined;
  const binary = atob(fragment.slice(version.length).replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
    if (text.length > longest) throw new Error('it is longer than 1 MiB');
  }
  const state = JSON.parse(text + decoder.decode());
  if (typeof state?.text !== 'string') throw new Error('it has no text');
  return state;
}
