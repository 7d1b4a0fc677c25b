// What the JSON Schema of FailoverSpec has at a path.

// at returns the schemas that a path leads to: several where there is a choice.
export function at(schema, path) {
  let found = [schema];
  for (const step of path) found = found.flatMap(branches).flatMap((each) => child(each, step));
  return found.flatMap(branches);
}

function branches(schema) {
  return [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].flatMap((each) =>
    each === schema ? [each] : branches(each),
  );
}

function child(schema, step) {
  if (step === '[]') return schema.items ? [schema.items] : [];
  if (Object.hasOwn(schema.properties ?? {}, step)) return [schema.properties[step]];
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
}

// fields are the properties that a map at a path may have: name and schema.
export function fields(schema, path) {
  return at(schema, path).flatMap((each) => Object.entries(each.properties ?? {}));
}

// values are the words that a field may be.
export function values(schema, path) {
  const found = at(schema, path);
  const words = found.flatMap((each) => each.enum ?? (each.type === 'boolean' ? [true, false] : []));
  for (const { default: value } of found) {
    if (['string', 'number', 'boolean'].includes(typeof value) && !words.includes(value)) words.push(value);
  }
  return [...new Set(words)];
}

// about is the first description at a path.
export function about(schema, path) {
  return at(schema, path).find((each) => each.description)?.description ?? '';
}

// typeOf says in a word or two what a field takes.
export function typeOf(schema) {
  const types = branches(schema).flatMap((each) => each.type ?? []);
  return [...new Set(types)].join(' or ');
}
