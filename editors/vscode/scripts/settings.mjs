// Writes the settings into package.json, from the server's own schema: `redline config --schema` on standard
// input, or the file named. `--check` only says whether package.json is up to date.
// A project's settings can hold `apply` alone; everything else is the user's, for this machine.

import { readFileSync, writeFileSync } from 'node:fs';

const MANIFEST = new URL('../package.json', import.meta.url);

const own = {
  'redline.path': {
    type: 'string',
    default: '',
    scope: 'machine',
    markdownDescription:
      'The server to start. Empty: the one that comes with the extension, else `redline` on the `PATH`.',
  },
  'redline.showRemovedText': {
    type: 'boolean',
    default: true,
    scope: 'application',
    markdownDescription: 'Whether text that a rewrite removed is shown beside the line in its place.',
  },
  'redline.trace.server': {
    type: 'string',
    enum: ['off', 'messages', 'verbose'],
    default: 'off',
    scope: 'machine',
    description: 'Whether messages between VS Code and the server are written to the output channel.',
  },
};

function camelCase(name) {
  return name.replaceAll(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** The schema as VS Code's settings editor reads it: choices as enums, keys in camel case. */
function translated(schema) {
  const {
    oneOf,
    anyOf,
    format,
    'x-order': order,
    'x-allowed': allowed,
    description,
    properties,
    required,
    ...rest
  } = schema;
  const out = { ...rest };
  if (typeof description === 'string') {
    out.markdownDescription = allowed ? `${description}\n\nAllowed: ${allowed}.` : description;
  }
  if (oneOf?.every((it) => typeof it.const === 'string')) {
    out.type = 'string';
    out.enum = oneOf.map((it) => it.const);
    out.markdownEnumDescriptions = oneOf.map((it) => it.description);
  } else if (oneOf) {
    out.oneOf = oneOf.map(translated);
  }
  if (anyOf) {
    const [only, ...others] = anyOf.filter((it) => it.type !== 'null');
    Object.assign(
      out,
      others.length === 0 ? { ...translated(only), ...out } : { anyOf: anyOf.map(translated) },
    );
  }
  if (out.default === null) {
    delete out.default;
  }
  if (properties) {
    out.properties = Object.fromEntries(
      (order ?? Object.keys(properties)).map((key) => [camelCase(key), translated(properties[key])]),
    );
    delete out.default;
  }
  if (required) {
    out.required = required.map(camelCase);
  }
  for (const inner of ['items', 'additionalProperties']) {
    if (typeof out[inner] === 'object') {
      out[inner] = translated(out[inner]);
    }
  }
  return out;
}

function settings(schema) {
  const all = {};
  for (const key of schema['x-order'] ?? Object.keys(schema.properties)) {
    const property = schema.properties[key];
    const scope = key === 'apply' ? 'window' : 'machine';
    const add = (name, inner) => {
      all[`redline.${name}`] = { ...translated(inner), scope };
    };
    if (property.type === 'object' && property.properties) {
      for (const inner of property['x-order'] ?? Object.keys(property.properties)) {
        add(`${camelCase(key)}.${camelCase(inner)}`, property.properties[inner]);
      }
    } else {
      add(camelCase(key), property.type === 'object' ? { ...property, default: {} } : property);
    }
  }
  return { ...all, ...own };
}

const file = process.argv.slice(2).find((it) => !it.startsWith('--'));
const schema = JSON.parse(readFileSync(file ?? 0, 'utf8'));
const before = readFileSync(MANIFEST, 'utf8');
const manifest = JSON.parse(before);
manifest.contributes.configuration.properties = settings(schema);
const after = `${JSON.stringify(manifest, null, 2)}\n`;
if (process.argv.includes('--check')) {
  if (JSON.stringify(JSON.parse(before)) !== JSON.stringify(manifest)) {
    console.error(
      'the settings in package.json are not those of the server; run: redline config --schema | npm run settings',
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(MANIFEST, after);
}
