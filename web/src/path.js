// Where the cursor is in a YAML text: the path of the map that it is in, and what is
// being written there. It works on unfinished text, which no parser takes.

const item = '[]';

// place returns {path, key, prefix} for the text up to the cursor: the keys above it
// ('[]' for an item of a list), the key whose value is being written (undefined where a
// key is), and the characters of the word so far.
export function place(before) {
  const text = currentDocument(before);
  const lines = text.split('\n');
  const brackets = openBrackets(text);
  if (brackets.length === 0) return block(lines, lines.length - 1);
  const outer = brackets[0];
  const start = block(text.slice(0, outer.at).split('\n'), text.slice(0, outer.at).split('\n').length - 1);
  const path = start.key === undefined ? start.path : [...start.path, start.key];
  for (const [i, bracket] of brackets.entries()) {
    if (i > 0 && bracket.key !== undefined) path.push(bracket.key);
    if (bracket.open === '[') path.push(item);
  }
  const rest = text.slice(brackets.at(-1).last);
  const value = /^\s*["']?([\w./-]+)["']?\s*:\s+(["']?[\w./-]*)$/.exec(rest);
  if (value) return { path, key: value[1], prefix: value[2] };
  const word = /^\s*([\w./-]*)$/.exec(rest);
  return word ? { path, prefix: word[1] } : undefined;
}

// currentDocument is what follows the last document marker.
function currentDocument(text) {
  const markers = [...text.matchAll(/^---.*$/gm)];
  return markers.length ? text.slice(markers.at(-1).index + markers.at(-1)[0].length) : text;
}

// openBrackets has the flow maps and lists that are open at the end of a text: where
// each opens, the key it is the value of, and where its last entry begins.
function openBrackets(text) {
  const open = [];
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quote) {
      if (c === '\\' && quote === '"') i++;
      else if (c === quote) quote = '';
    } else if (c === '#' && (i === 0 || /\s/.test(text[i - 1]))) {
      i = text.indexOf('\n', i);
      if (i < 0) return open;
    } else if ((c === '"' || c === "'") && /[\s:,{[-]/.test(text[i - 1] ?? ' ')) {
      quote = c;
    } else if ((c === '{' || c === '[') && (open.length > 0 || /[:-]\s+$/.test(text.slice(Math.max(0, i - 20), i)))) {
      const from = open.length ? open.at(-1).last : 0;
      open.push({ open: c, at: i, key: /([\w./-]+)["']?\s*:\s*$/.exec(text.slice(from, i))?.[1], last: i + 1 });
    } else if ((c === '}' || c === ']') && open.length > 0) {
      open.pop();
    } else if (c === ',' && open.length > 0) {
      open.at(-1).last = i + 1;
    }
  }
  return open;
}

// block reads lines in block style, of which the last one has the cursor at its end.
function block(lines, at) {
  const current = /^(\s*(?:-\s+)*)(.*)$/.exec(lines[at]);
  const [, lead, rest] = current;
  const value = /^["']?([^\s"':#][^"':#]*)["']?\s*:(?:\s+(.*))?$/.exec(rest);
  if (value && value[2] === undefined && !/\s$/.test(rest)) return undefined; // right behind the colon
  if (!value && !/^["']?[\w./-]*$/.test(rest)) return undefined;
  const path = above(lines, at, lead);
  if (value) return { path, key: value[1], prefix: value[2] ?? '' };
  return { path, prefix: rest };
}

// above is the path of the map, or the list, that a line with this lead belongs to.
function above(lines, at, lead) {
  const path = [];
  let column = lead.length;
  const leave = (text) => {
    // The dashes of a line make it an item of a list, the innermost first.
    for (const { index } of [...text.matchAll(/-/g)].reverse()) {
      path.unshift(item);
      column = index + 0.5; // a list may stand as far left as its key
    }
  };
  leave(lead);
  for (let i = at - 1; i >= 0; i--) {
    const line = /^(\s*)((?:-\s+)*)(["']?)([^\s"'#][^"':#]*)\3\s*:(\s|$)/.exec(lines[i]);
    if (!line) continue;
    const key = line[1].length + line[2].length;
    if (key < column) {
      path.unshift(line[4]);
      column = key;
      leave(line[1] + line[2]);
    } else if (key === column && line[2]) {
      leave(line[1] + line[2]); // a key next to it, in the first line of the item
    }
    if (column === 0) break;
  }
  return path;
}
