// The two panes of YAML: one to write in, one to read.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, highlightSpecialChars, hoverTooltip, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { explanation, source } from './complete.js';

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--key)' },
  { tag: [tags.string, tags.content], color: 'var(--ink)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--quiet)' },
  { tag: [tags.keyword, tags.atom, tags.number, tags.bool], color: 'var(--value)' },
  { tag: [tags.punctuation, tags.separator, tags.bracket, tags.meta], color: 'var(--quiet)' },
]);

const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--paper)', fontSize: '13px' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '10px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--paper)', color: 'var(--quiet)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'var(--line)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--selection) !important' },
  '.cm-tooltip': {
    backgroundColor: 'var(--paper)',
    color: 'var(--ink)',
    border: '1px solid var(--edge)',
    borderRadius: '6px',
    maxWidth: 'min(34rem, 90vw)',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-completionInfo, .cm-about': {
    padding: '8px 10px',
    whiteSpace: 'pre-line',
    fontFamily: 'var(--sans)',
    fontSize: '13px',
    lineHeight: '1.45',
  },
  '.cm-about b': { fontFamily: 'var(--mono)' },
  '.cm-about i': { color: 'var(--quiet)', fontStyle: 'normal' },
  '.cm-diagnostic': { fontFamily: 'var(--sans)', whiteSpace: 'pre-wrap' },
});

// In a shadow root, CodeMirror uses constructed style sheets, which a strict
// Content-Security-Policy permits.
const view = (parent, doc, extensions) => {
  const root = parent.attachShadow({ mode: 'open' });
  const inner = document.createElement('div');
  const height = new CSSStyleSheet();
  height.replaceSync(':host, :host > div { height: 100%; overflow: hidden }');
  root.adoptedStyleSheets = [height];
  root.append(inner);
  return new EditorView({
    parent: inner,
    root,
    doc,
    extensions: [yaml(), syntaxHighlighting(colours), theme, highlightSpecialChars(), extensions],
  });
};

// writable returns the editor. schema() is the schema, once it is there.
export function writable(parent, label, schema, changed) {
  const about = hoverTooltip((editor, position) => {
    const line = editor.state.doc.lineAt(position);
    const found = explanation(schema(), line.text, position - line.from, editor.state.sliceDoc(0, line.from));
    if (!found) return null;
    return {
      pos: line.from + found.from,
      end: line.from + found.to,
      create() {
        const dom = document.createElement('div');
        dom.className = 'cm-about';
        const title = document.createElement('b');
        title.textContent = found.title;
        const type = document.createElement('i');
        type.textContent = `  ${found.type}\n`;
        dom.append(title, type, found.text);
        return { dom };
      },
    };
  });
  return view(parent, '', [
    lineNumbers(),
    history(),
    drawSelection(),
    indentOnInput(),
    indentUnit.of('  '),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    lintGutter(),
    autocompletion({ override: [source(schema)] }),
    about,
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
    EditorView.updateListener.of((update) => update.docChanged && changed()),
  ]);
}

// readable returns a pane that only shows.
export function readable(parent, label) {
  return view(parent, '', [
    EditorState.readOnly.of(true),
    keymap.of([...defaultKeymap]),
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
    EditorView.lineWrapping,
  ]);
}

// setText changes only what differs, so that the rest is not drawn again, and stays in view.
export function setText(editor, text) {
  const old = editor.state.doc.toString();
  if (old === text) return;
  const least = Math.min(old.length, text.length);
  let before = 0;
  while (before < least && old[before] === text[before]) before++;
  let after = 0;
  while (after < least - before && old[old.length - 1 - after] === text[text.length - 1 - after]) after++;
  editor.dispatch({ changes: { from: before, to: old.length - after, insert: text.slice(before, text.length - after) } });
}

// offset is the place of a line and a column of characters, which count from 1.
function offset(doc, line, column) {
  const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return at.from + [...at.text].slice(0, column - 1).join('').length;
}

// mark shows findings at their lines.
export function mark(editor, findings) {
  const { doc } = editor.state;
  const diagnostics = findings.map(({ severity, line, column, message, rule }) => {
    const from = line ? offset(doc, line, column) : 0;
    const rest = /^["']?[\w./-]*["']?/.exec(doc.sliceString(from, doc.lineAt(from).to))[0];
    return { from, to: from + rest.length, severity, message, source: rule };
  });
  editor.dispatch(setDiagnostics(editor.state, diagnostics));
}

export function goTo(editor, line, column) {
  const at = offset(editor.state.doc, line, column);
  editor.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
  editor.focus();
}

// apply makes the edits of the program, whose places are those before all of them.
export function apply(editor, edits) {
  const { doc } = editor.state;
  const changes = edits.map(({ line, column, length, text }) => ({
    from: offset(doc, line, column),
    to: offset(doc, line, column + length),
    insert: text,
  }));
  editor.dispatch({ changes });
}
