/** `--set training.learningRate=1e-4`: settings from the command line on top of what temper.json says. */
import { RunFailure, type RunError } from '../protocol';
import { isRecord } from './is-record';

/** A copy of `raw` with the settings in it. Values are JSON, or else text; names are checked later, by the schema. */
export function applySettings(raw: unknown, settings: readonly string[]): unknown {
  let value = raw;
  for (const setting of settings) {
    const equals = setting.indexOf('=');
    if (equals <= 0) throw new RunFailure(notASetting(setting));
    value = withValue(value, setting.slice(0, equals).trim().split('.'), parseValue(setting.slice(equals + 1)));
  }
  return value;
}

function withValue(container: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const object = isRecord(container) ? container : {};
  const before = Object.hasOwn(object, name) ? object[name] : undefined;
  return { ...object, [name]: withValue(before, rest, value) };
}

function parseValue(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return source; // text needs no quotes on the command line
  }
}

function notASetting(setting: string): RunError {
  return {
    code: 'bad-usage',
    message: `--set takes a name and a value, and found "${setting}".`,
    hint: 'Write it as in --set training.learningRate=1e-4.',
  };
}
