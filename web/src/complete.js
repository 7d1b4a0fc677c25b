// Completion and explanations of fields, from the schema.
import { snippetCompletion } from '@codemirror/autocomplete';
import { place } from './path.js';
import { about, at, fields, typeOf, values } from './schema.js';

const whole = snippetCompletion(
  `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata:
  name: \${shop}
  namespace: \${default}
spec:
  hostnames: [\${shop.example.com}]
  active: {service: {name: \${shop}, port: \${8080}}}
  passive: {service: {name: \${shop-standby}, port: \${8080}}}
`,
  { label: 'FailoverSpec', detail: 'a whole one', type: 'class', boost: 99 },
);

// source returns a completion source for a schema, which comes later than the page does.
export function source(schema) {
  return (context) => {
    const found = schema() && place(context.state.sliceDoc(0, context.pos));
    if (!found) return null;
    const { path, key, prefix } = found;
    if (!context.explicit && prefix === '') return null;
    const options = key === undefined ? keys(schema(), path) : values(schema(), [...path, key]).map(valueOption);
    if (key === undefined) options.push(...values(schema(), path).map(valueOption)); // an item of a list of words
    if (path.length === 0 && key === undefined) options.push(whole);
    return options.length ? { from: context.pos - prefix.length, options, validFor: /^["']?[\w./-]*$/ } : null;
  };
}

function keys(schema, path) {
  const seen = new Set();
  return fields(schema, path).flatMap(([name, field]) => {
    if (seen.has(name)) return [];
    seen.add(name);
    const type = typeOf(field);
    return [{ label: name, type: 'property', detail: type, info: field.description, apply: `${name}: ` }];
  });
}

const valueOption = (value) => ({ label: String(value), type: 'enum' });

// explanation returns what the schema says about the key at a position, with where the
// key is; nothing where there is none.
export function explanation(schema, line, column, before) {
  const word = [...line.matchAll(/["']?([A-Za-z][\w-]*)["']?\s*:(?=\s|$)/g)].find(
    (match) => match.index <= column && column <= match.index + match[1].length,
  );
  if (!schema || !word) return undefined;
  const found = place(before + line.slice(0, word.index));
  if (!found || found.key !== undefined) return undefined;
  const path = [...found.path, word[1]];
  const text = about(schema, path);
  if (!text) return undefined;
  const [field] = at(schema, path);
  return {
    from: word.index,
    to: word.index + word[1].length,
    title: path.filter((step) => step !== '[]').join('.'),
    type: typeOf(field),
    text,
  };
}
