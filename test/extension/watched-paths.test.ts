import assert from 'node:assert/strict';
import { join } from 'node:path';
import { isWatched, runDirOf } from '../../extension/experiments/watched-paths';

const project = join('/home', 'me', 'spam');
const at = (...parts: string[]) => join(project, ...parts);

describe('which paths of a project are watched', () => {
  const watched = [
    at(),
    at('.temper'),
    at('.temper', 'runs'),
    at('.temper', 'runs', 'r1'),
    at('.temper', 'runs', 'r1', 'run.json'),
    at('.temper', 'runs', 'r1', 'events.ndjson'),
    at('.temper', 'runs', 'r1', 'evals'),
    at('.temper', 'runs', 'r1', 'evals', 'e1.json'),
  ];
  const ignored = [
    join('/home', 'me'),
    join('/home', 'me', 'spam2', '.temper'),
    at('data'),
    at('node_modules'),
    at('.temper', 'cache'),
    at('.temper', 'runs', 'r1', 'heartbeat'),
    at('.temper', 'runs', 'r1', 'log.txt'),
    at('.temper', 'runs', 'r1', 'checkpoints'),
    at('.temper', 'runs', 'r1', 'evals', '.e1.json.tmp'),
  ];
  for (const path of watched) it(`watches ${path}`, () => assert.equal(isWatched(project, path), true));
  for (const path of ignored) it(`ignores ${path}`, () => assert.equal(isWatched(project, path), false));

  it('knows the run that a path belongs to', () => {
    assert.equal(runDirOf(project, at('.temper', 'runs', 'r1', 'evals', 'e1.json')), at('.temper', 'runs', 'r1'));
    assert.equal(runDirOf(project, at('.temper', 'runs', 'r1')), at('.temper', 'runs', 'r1'));
    assert.equal(runDirOf(project, at('.temper', 'runs')), undefined);
  });
});
