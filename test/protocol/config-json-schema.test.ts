import assert from 'node:assert/strict';
import { parseConfig, runConfigJsonSchema } from '../../protocol';

describe('the JSON schema of temper.json', () => {
  const fields = [...fieldsOf(runConfigJsonSchema(), '')];

  it('describes every field, because the editor shows nothing else on hover', () => {
    const silent = fields.filter(({ schema }) => typeof schema['description'] !== 'string').map(({ path }) => path);
    assert.deepEqual(silent, []);
  });

  it('reaches into sections and methods', () => {
    const paths = fields.map(({ path }) => path);
    for (const path of ['model', 'data.train', 'method.r', 'training.learningRate', 'checkpoints.keepBest']) {
      assert.ok(paths.includes(path), path);
    }
  });

  it('asks for the data only, since everything else has a default', () => {
    const schema = runConfigJsonSchema();
    assert.ok(isRecord(schema));
    assert.deepEqual(schema['required'], ['data']);
  });

  it('states the defaults that parsing fills in', () => {
    const parsed = parseConfig({ data: { train: 't' } });
    assert.ok(parsed.kind === 'valid');
    for (const { path, schema, type } of fields) {
      if (schema['default'] === undefined || isRecord(schema['default'])) continue;
      const owner = valueAt(parsed.config, path.split('.').slice(0, -1).join('.'));
      if (type !== undefined && isRecord(owner) && owner['type'] !== type) continue; // of another task or method
      assert.deepEqual(valueAt(parsed.config, path), schema['default'], path);
    }
  });
});

interface Field {
  readonly path: string;
  readonly schema: Record<string, unknown>;
  /** The `type` of the member of a union that it belongs to. */
  readonly type?: unknown;
}

function* fieldsOf(schema: unknown, prefix: string): Generator<Field> {
  if (!isRecord(schema)) return;
  for (const [key, value] of Object.entries(isRecord(schema['properties']) ? schema['properties'] : {})) {
    assert.ok(isRecord(value));
    yield { path: prefix + key, schema: value, type: typeOf(schema) };
    yield* fieldsOf(value, `${prefix}${key}.`);
  }
  for (const member of [schema['oneOf'], schema['anyOf']].flat()) yield* fieldsOf(member, prefix);
}

function typeOf({ properties }: Record<string, unknown>): unknown {
  const type = isRecord(properties) ? properties['type'] : undefined;
  return isRecord(type) ? type['const'] : undefined;
}

function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
